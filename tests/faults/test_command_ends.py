"""Commands as a shell starts them whose output cannot be written, or whose terminal closes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from icv_lightning.run.stopping import GOES_ON
from tests.conftest import ROOT, TINY, cells
from tests.report.grid import PAPER_CELLS, embed, same, write_run

SURROUNDINGS = os.environ | {"PYTHONPATH": str(ROOT)}
FULL, CLOSED = ("> /dev/full", "No space left on device"), (">&-", "Bad file descriptor")


def ended(folder: Path, command: str) -> tuple[int, str]:
    """Return exit status and standard error of a line of a shell."""
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; '{sys.executable}' -m icv_lightning.{command}"],
        cwd=folder, env=SURROUNDINGS, capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    return done.returncode, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("redirection", "reason"), [FULL, CLOSED])
@pytest.mark.parametrize("command", ["predict", "report"])
def test_lost_output_is_said_in_one_line(command, redirection, reason, own_checkpoint, tmp_path):
    if command == "predict":
        Image.new("L", (28, 28)).save(tmp_path / "a.png")
        given = f"--checkpoint '{own_checkpoint}' --format csv a.png"
    else:
        cell = PAPER_CELLS[0]
        write_run(tmp_path / "grid", cell, 0, same(0.9), epochs=1, snapshots=[embed(cell, 0, 60, 40)])
        given = "grid"
    status, said = ended(tmp_path, f"{command} {given} {redirection}")
    assert status == 1
    assert "Traceback" not in said
    assert said.splitlines()[-1] == f"error: standard output: {reason}"
    assert command != "report" or (tmp_path / "grid" / "report" / "index.html").exists()


@pytest.mark.slow
def test_a_run_whose_reader_has_gone_is_completed(tmp_path):
    status, said = ended(tmp_path, f"run {' '.join(TINY)} trainer.max_epochs=1 | true")
    assert (status, "interrupted" in said) == (0, False)
    assert len(cells(tmp_path / "outputs")) == 1


@pytest.mark.slow
def test_a_run_whose_terminal_closes_says_how_to_go_on(tmp_path):
    command = [sys.executable, "-m", "icv_lightning.run", *TINY, "trainer.max_epochs=500"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=SURROUNDINGS, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    until = time.monotonic() + 300
    while not list(tmp_path.glob("outputs/*/*/checkpoints/last.ckpt")) and time.monotonic() < until:
        time.sleep(0.2)
    process.send_signal(signal.SIGHUP)
    _, said = process.communicate(timeout=300)
    assert (process.returncode, said.splitlines()[-1]) == (130, GOES_ON)
