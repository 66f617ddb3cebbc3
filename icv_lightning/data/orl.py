"""The ORL faces: 40 persons, 10 grey pictures of 92x112 each."""

from pathlib import Path
from typing import Any

import numpy as np

from icv_lightning.data.datamodule import FIXED_SEED
from icv_lightning.data.faces import FacesDataModule
from icv_lightning.data.identities import orl_folders, orl_split, orl_tested
from icv_lightning.data.listing import Files


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
        self._trained, self._verified = orl_split(fold)

    def tested(self, files: Files, folder: Path) -> list[bool]:
        """Choose as many pictures of each person, the same in every run: no picture is ever added here."""
        rng = np.random.default_rng(FIXED_SEED)
        whose = np.array([k for _, k in files])
        found = np.zeros(len(files), dtype=bool)
        for places in np.split(np.arange(len(files)), np.flatnonzero(np.diff(whose)) + 1):
            found[rng.permutation(places)[: orl_tested(len(places), self.test_fraction)]] = True
        return [bool(held) for held in found]

    def persons(self) -> tuple[list[Path], list[Path]]:
        """Return the folders of both parts; raise `UserError` where a person or a picture is absent."""
        found = orl_folders(self.root)
        return [found[k] for k in self._trained], [found[k] for k in self._verified]
