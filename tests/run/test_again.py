"""`--rerun` and `--like`: the command line that they stand for."""

from pathlib import Path

import pytest

from icv_lightning.errors import UserError
from icv_lightning.run.again import expanded


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cell = tmp_path / "digits-d2-raw-l0.05-learned-s0-12345678"
    (cell / ".hydra").mkdir(parents=True)
    (cell / ".hydra" / "overrides.yaml").write_text(
        "- data=digits\n- loss.lambda=0.5\n- ~callbacks.progress\n- +trainer.gradient_clip_val=1\n"
    )
    return cell


def test_without_the_options_nothing_changes() -> None:
    assert expanded(["-m", "loss.lambda=0,1"]) == (["-m", "loss.lambda=0,1"], None)


def test_rerun_is_the_recorded_command_and_names_its_cell(folder: Path) -> None:
    argv, cell = expanded(["--rerun", str(folder), "force=true"])
    assert argv == [
        "data=digits", "loss.lambda=0.5", "~callbacks.progress", "+trainer.gradient_clip_val=1", "force=true",
    ]  # fmt: skip
    assert cell == folder.name


def test_like_takes_other_values_in_their_place(folder: Path) -> None:
    argv, cell = expanded(["-m", f"--like={folder}", "loss.lambda=0,1", "trainer.gradient_clip_val=2"])
    assert argv == [
        "data=digits", "~callbacks.progress", "-m", "loss.lambda=0,1", "trainer.gradient_clip_val=2",
    ]  # fmt: skip
    assert cell is None


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "holds no run that can be started again"), ("a: 1\n", "must be a list of key=value"),
     ("- 1\n", "must be a list of key=value"), ("[", "holds no run that can be started again")],
)  # fmt: skip
def test_a_folder_without_a_run_is_refused(tmp_path: Path, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / ".hydra").mkdir()
        (tmp_path / ".hydra" / "overrides.yaml").write_text(content)
    with pytest.raises(UserError, match=said):
        expanded(["--like", str(tmp_path)])


@pytest.mark.parametrize("argv", [["--rerun"], ["--rerun", "a", "--like", "b"]])
def test_options_that_cannot_be_are_refused(argv: list[str]) -> None:
    with pytest.raises(UserError, match="see --help"):
        expanded(argv)
