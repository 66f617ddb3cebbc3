"""Faces, a folder per person: persons to train on, and others to verify."""

import logging
from pathlib import Path
from typing import Any

from icv_lightning.data.disjoint import DisjointDataModule, Named
from icv_lightning.data.folders import PictureFinder
from icv_lightning.data.identities import check_pictures, split_identities
from icv_lightning.data.listing import Files

log = logging.getLogger(__name__)


class FacesDataModule(DisjointDataModule):
    """Pictures of persons in the layouts of `icv_lightning.data.identities.split_identities`.

    CASIA-WebFace, exports of MS1M and LFW look like that. Persons are numbered in the order of their sorted
    names; `unseen` gives all pictures of the persons to verify.

    Args:
        folder: the folder of persons; part of a run's identity.
        held_out: share of the persons to verify, in [0, 1), where there is no `train` folder.
        options: those of `DisjointDataModule`.

    Raises:
        ValueError: an argument that is not as said.
    """

    def __init__(self, folder: str | Path, held_out: float = 0.1, **options: Any) -> None:
        super().__init__(folder, **options)
        if not 0 <= held_out < 1:
            raise ValueError(f"held_out must be in [0, 1), got {held_out}")
        self.held_out = held_out

    def persons(self) -> tuple[list[Path], list[Path]]:
        """Return the folders of the persons to train on and of those to verify."""
        return split_identities(self.folder, self.held_out)

    def trained(self) -> Named:
        """Return the persons to train on and their pictures."""
        persons, _ = self.persons()
        return self._named(persons, tested=True)

    def kept_out(self) -> Named:
        """Return the persons to verify and their pictures."""
        _, persons = self.persons()
        return self._named(persons)

    def _named(self, persons: list[Path], tested: bool = False) -> Named:
        names, files = [path.name for path in persons], files_of(persons, tested)
        return Named(names, files, persons[0].parent if persons else self.folder)


def files_of(persons: list[Path], tested: bool = False) -> Files:
    """Return all pictures of these persons and whose each is, in order; see `check_pictures`."""
    finder = PictureFinder()
    found = [finder.pictures(path) for path in persons]
    check_pictures(persons, [len(files) for files in found], tested)
    for line in finder.lines():
        log.info("%s", line)
    return [(path, k) for k, files in enumerate(found) for path in files]
