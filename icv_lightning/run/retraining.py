"""A completed run that is done again: it trains beside its record, and takes its place when all is done."""

import shutil
from pathlib import Path

from icv_lightning.records.results import AGAIN, RESULTS, is_completed, place_again


def prepare(folder: Path, force: bool) -> Path:
    """Return the folder to train in, which holds no earlier try of a run that starts anew.

    Args:
        folder: the run's folder, in which only the caller works.
        force: the run starts anew.
    """
    if not force:
        return folder
    if not is_completed(folder):
        (folder / "metrics.csv").unlink(missing_ok=True)
        return folder
    shutil.rmtree(folder / AGAIN, ignore_errors=True)
    place_again(folder).mkdir(parents=True)
    return place_again(folder)


def take_place(folder: Path) -> None:
    """Let a run that was done again, if it is completed, take the place of the record in `folder`.

    results.json comes last: what a kill leaves is taken over by the next call.
    """
    place = place_again(folder)
    if not is_completed(place):
        return
    for pictures in place.parent.glob("images-*.npz"):
        pictures.replace(folder.parent / pictures.name)
    for entry in place.iterdir():
        if entry.name != RESULTS:
            _remove(folder / entry.name)
            entry.rename(folder / entry.name)
    (place / RESULTS).replace(folder / RESULTS)
    shutil.rmtree(folder / AGAIN)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
