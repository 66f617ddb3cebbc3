"""The ORL faces: 40 persons, 10 grey pictures of 92x112 each."""

from pathlib import Path
from typing import Any

from icv_lightning.data.faces import FacesDataModule
from icv_lightning.errors import UserError
from icv_lightning.identities import ORL_PERSONS, orl_split


class ORLDataModule(FacesDataModule):
    """The ORL (AT&T) database of faces, Samaria and Harter 1994, in `<root>/orl_faces/s1` to `s40`.

    Persons are numbered in the order of the names' numbers. It is never downloaded.

    Args:
        fold: None trains on persons 1 to 30 and verifies 31 to 40; f from 0 to 4 verifies 8f + 1 to 8f + 8
            and trains on the other 32.
        options: those of `FacesDataModule`, but for `folder` and `held_out`.

    Raises:
        ValueError: an argument that is not as said.
        UserError: another fold.
    """

    def __init__(self, fold: int | None = None, **options: Any) -> None:
        super().__init__(folder=Path(options.get("root", "data")) / "orl_faces", **options)
        self.trained, self.verified = orl_split(fold)

    def persons(self) -> tuple[list[Path], list[Path]]:
        """Return the folders of both parts; raise `UserError` where a person is absent."""
        absent = [k for k in range(1, ORL_PERSONS + 1) if not (self.folder / f"s{k}").is_dir()]
        if absent:
            raise UserError(
                f"{self.folder}: needs the ORL faces in s1 to s40, has no s{absent[0]}; get them from "
                "cam-orl.co.uk/facedatabase.html, unpack them there and set data.root (or the environment's "
                "ICV_DATA) to the folder that holds orl_faces"
            )
        return tuple([self.folder / f"s{k}" for k in part] for part in (self.trained, self.verified))  # type: ignore[return-value]
