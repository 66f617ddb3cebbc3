"""Workers of joblib end with the command that started them."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import PATIENCE, ROOT, is_running

GRID = """
import os, time
from pathlib import Path
from joblib import Parallel, delayed
from icv_lightning.run import stopping

def work(number):
    stopping.end_worker_with_parent()
    Path(f"{os.getpid()}.pid").touch()
    time.sleep(120)

Parallel(2)(delayed(work)(number) for number in range(2))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_joblibs_workers_end_with_the_command(tmp_path: Path) -> None:
    pytest.importorskip("joblib")
    surroundings = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", GRID], cwd=tmp_path, env=surroundings)
    until = time.monotonic() + PATIENCE
    while len(found := [int(path.stem) for path in tmp_path.glob("*.pid")]) < 2 and time.monotonic() < until:
        time.sleep(0.1)
    assert len(found) == 2
    assert all(map(is_running, found))
    process.kill()
    process.wait()
    until = time.monotonic() + 100
    while any(map(is_running, found)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(map(is_running, found))
