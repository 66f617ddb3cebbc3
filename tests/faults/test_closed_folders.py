"""Places that may not be looked into: each command names them in one line, with exit status 2."""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from tests.unprivileged import said_without_privileges

CHECKPOINT = ("--checkpoint", "CHECKPOINT")
SETTINGS = (
    *("paths.outputs=CLOSED/outputs", "paths.records=CLOSED/records", "ckpt_path=CLOSED/last.ckpt"),
    *("init_from=CLOSED/last.ckpt", "data.root=CLOSED/p", "--config-dir=CLOSED/conf"),
    "--rerun=CLOSED/run",
)
CASES = {
    "predict checkpoint": ("predict.__main__", "--checkpoint", "CLOSED/a.ckpt", "CLOSED/a.png"),
    "predict picture": ("predict.__main__", *CHECKPOINT, "CLOSED/in"),
    "predict validation": (
        *("predict.__main__", *CHECKPOINT, "--false-rejection-rate", "0.1", "--validation", "CLOSED/in"),
        "PICTURE",
    ),
    "enroll pictures": ("enroll", *CHECKPOINT, "--name", "new", "CLOSED/in"),
    "report folder": ("report.__main__", "CLOSED/grid"),
    "unseen folder": ("unseen.__main__", "CLOSED/grid"),
    "verify folder": ("verify.__main__", "CLOSED/grid"),
    "verify pairs": ("verify.__main__", *CHECKPOINT, "--pairs", "CLOSED/pairs.txt", "--images", "."),
    "audit vectors": ("audit.__main__", "CLOSED/vectors.npz"),
    "audit labels": ("audit.__main__", "VECTORS", "--labels", "CLOSED/labels.csv"),
    **{f"run {word}": ("run.__main__", "data=digits", word) for word in SETTINGS},
    "export output": ("export", *CHECKPOINT, "--output", "CLOSED/net.onnx"),
}


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "closed"
    (folder / "in").mkdir(parents=True)
    folder.chmod(0)
    yield folder
    folder.chmod(0o700)


def ended(module: str, arguments: list[str], said: Path) -> Callable[[], None]:
    """A call of a command that leaves its exit status and words in the file `said`."""

    def call() -> None:
        status: object = 0
        with said.open("w") as file:
            sys.stderr, sys.argv = file, ["command", *arguments]
            try:
                import_module(f"icv_lightning.{module}").main()
            except SystemExit as end:
                status = end.code
        said.write_text(f"{status}\n{said.read_text()}")

    return call


@pytest.mark.parametrize("case", CASES)
def test_a_command_names_a_place_that_is_closed(case, closed, own_checkpoint, tmp_path) -> None:
    module, *given = CASES[case]
    places = {"CLOSED": closed, "CHECKPOINT": own_checkpoint, "PICTURE": tmp_path / "none.png"}
    places["VECTORS"] = tmp_path / "vectors.npy"
    np.save(places["VECTORS"], np.zeros((20, 3)))
    for word, place in places.items():
        given = [text.replace(word, str(place)) for text in given]
    import_module(f"icv_lightning.{module}")
    assert said_without_privileges(ended(module, given, tmp_path / "said")) == ""
    status, *lines = (tmp_path / "said").read_text().splitlines()
    assert status == "2", lines
    assert str(closed) in lines[-1]
    assert not any("Traceback" in line for line in lines)
