"""Standard output that is closed, full or cannot show a character, in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from icv_lightning.terminal.streams import Outlet
from tests.conftest import PATIENCE

WORK = """
import sys
from icv_lightning.terminal.exit_status import ending

with ending():
    for number in range(20000):
        print("\\u00fcn\\u00ef \\u2022 12345678901234567890")
    with open("done", "w") as file:
        file.write("all")
    sys.exit(int(sys.argv[1]))
"""


def ended(folder: Path, redirection: str, status: int = 0, **environment: str) -> tuple[int, str, str]:
    """Return exit status, standard output and error of a command that prints 20,000 lines, under a shell."""
    done = subprocess.run(
        ["bash", "-c", f'set -o pipefail; "$0" -c "$1" {status} {redirection}', sys.executable, WORK],
        cwd=folder, env=os.environ | environment, capture_output=True, timeout=PATIENCE,
    )  # fmt: skip
    assert (folder / "done").read_text() == "all"
    assert b"Traceback" not in done.stderr
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("status", [0, 1])
@pytest.mark.parametrize(
    ("redirection", "reason"),
    [("> /dev/full", "No space left on device"), (">&-", "Bad file descriptor"), ("| head -1", "")],
)
def test_output_that_cannot_be_written_ends_no_work(
    tmp_path: Path, redirection: str, reason: str, status: int
) -> None:
    code, said, error = ended(tmp_path, redirection, status)
    assert code == (1 if reason else status)
    assert error == (f"error: standard output: {reason}\n" if reason and not status else "")
    assert said in ("", "ünï • 12345678901234567890\n")


@pytest.mark.parametrize("redirection", ["2>&-", "2> /dev/full", "<&-", ">&- 2>&- <&-"])
def test_other_streams_may_be_closed(tmp_path: Path, redirection: str) -> None:
    assert ended(tmp_path, redirection)[0] == int(">&- " in redirection)


@pytest.mark.parametrize(
    ("environment", "shown"),
    [
        ({"PYTHONIOENCODING": "ascii"}, r"\xfcn\xef \u2022"),
        ({"PYTHONIOENCODING": "latin-1"}, "\udcfcn\udcef \\u2022"),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, r"\xfcn\xef \u2022"),
    ],
)
def test_characters_that_an_encoding_lacks_become_escapes(
    tmp_path: Path, environment: dict[str, str], shown: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WORK, "0"],
        cwd=tmp_path, env=os.environ | environment, capture_output=True, timeout=PATIENCE,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode(errors="surrogateescape").splitlines()[0] == f"{shown} 12345678901234567890"


def test_a_closed_number_is_not_given_to_the_next_file(tmp_path: Path) -> None:
    """Else what is printed would go into it."""
    code = (
        "from icv_lightning.terminal import streams as s; s.protect(); a = open('a', 'w'); print('x' * 10**5)"
    )
    subprocess.run(["bash", "-c", f'"{sys.executable}" -c "{code}" >&-'], cwd=tmp_path, check=True)
    assert (tmp_path / "a").read_text() == ""


def test_an_outlet_keeps_its_first_error() -> None:
    outlet = Outlet(-1)
    assert not outlet.isatty()
    assert not outlet.lost
    assert outlet.write(b"abc") == 3
    assert (outlet.lost, outlet.reader_is_gone) == ("Bad file descriptor", False)
