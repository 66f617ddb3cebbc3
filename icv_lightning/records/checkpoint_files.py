"""Which file a run's weights are in."""

from pathlib import Path

from icv_lightning.errors import UserError
from icv_lightning.records.results import read_results

WEIGHTS = ("best", "last")


def checkpoint_file(path: Path, weights: str | None = None) -> Path:
    """Return the checkpoint that `path` is, or that of a run's folder.

    Args:
        path: a checkpoint, or the folder of a run.
        weights: "best" or "last"; None for those that the run's final test measured.

    Raises:
        UserError: a folder without that checkpoint, or `weights` of a file.
    """
    if not path.is_dir():
        if weights is not None:
            raise UserError(f"{path}: {weights} weights are chosen of a run's folder, and this is none")
        return path
    tested = (read_results(path) or {}).get("weights")
    found = path / "checkpoints" / f"{weights or (tested if tested in WEIGHTS else 'last')}.ckpt"
    if not found.is_file():
        raise UserError(f"{path}: there is no checkpoints/{found.name}")
    return found
