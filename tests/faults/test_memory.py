"""Memory does not grow with epochs or with the cells of a grid, once everything has been loaded."""

import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import TINY_WITH_FIGURES
from tests.faults.strikes import run

pytestmark = pytest.mark.slow
NEEDS_PROC = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
WORDS = [
    *TINY_WITH_FIGURES,
    "threads=1",
    "+callbacks.spy={_target_:tests.spies.NoteMemory,file:memory.txt}",
]


def memory(folder: Path, *words: str) -> np.ndarray:
    """Return resident memory in MB at the start of each epoch of a command."""
    assert run(folder, [*words, *WORDS]) == 0, (folder / "said").read_text()
    return np.loadtxt(folder / "memory.txt")


def growth(values: np.ndarray, warm: int) -> float:
    """Return MB a value after the first `warm`, by the median slope between two values (Theil and Sen)."""
    kept = values[warm:]
    first, second = np.triu_indices(len(kept), 1)
    slope = float(np.median((kept[second] - kept[first]) / (second - first)))
    print(
        f"{values[0]:.0f} MB at first, {kept[0]:.1f} after {warm}, {values[-1]:.1f} at last: {slope:.3f} each"
    )
    return slope


@NEEDS_PROC
def test_over_a_hundred_epochs(tmp_path: Path) -> None:
    values = memory(tmp_path, "trainer.max_epochs=100")
    assert len(values) == 100
    assert growth(values, 20) < 0.1


@NEEDS_PROC
def test_over_fifty_cells_in_one_process(tmp_path: Path) -> None:
    """Hydra keeps the configurations of all cells, 0.2 MB each; the rest comes in steps and settles."""
    values = memory(tmp_path, "-m", "trainer.max_epochs=1", f"seed={','.join(map(str, range(50)))}")
    assert len(values) == 50
    assert growth(values, 20) < 1
