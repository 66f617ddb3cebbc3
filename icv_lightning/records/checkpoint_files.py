"""Which file a run's weights are in."""

from pathlib import Path

from icv_lightning.errors import UserError
from icv_lightning.records.results import read_results


def checkpoint_file(path: Path) -> Path:
    """Return the checkpoint that `path` is; of a run's folder the one that its final test measured.

    Raises:
        UserError: a folder without that checkpoint.
    """
    if not path.is_dir():
        return path
    best = (read_results(path) or {}).get("weights") == "best"
    found = path / "checkpoints" / ("best.ckpt" if best else "last.ckpt")
    if not found.is_file():
        raise UserError(f"{path}: there is no checkpoints/{found.name}")
    return found
