"""The command `icv-lightning <verb>` and the completion of its words."""

import runpy
import subprocess
import sys
from importlib.util import find_spec

import pytest

from icv_lightning import __main__ as main
from icv_lightning import __version__


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch):
    """Call `main` with arguments; gives its exit status."""

    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["icv-lightning", *arguments])
        try:
            main.main()
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    return call


def test_help_lists_every_verb_in_a_line(ended, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("--help") == 0
    lines = capsys.readouterr().out.splitlines()
    for verb, meaning in main.VERBS.items():
        assert f"  {verb:<12}{meaning}" in lines


def test_help_imports_nothing_of_the_commands() -> None:
    code = "import sys; from icv_lightning.__main__ import usage; usage(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "hydra", "numpy", "icv_lightning.run"} & set(done.stdout.split())


@pytest.mark.parametrize("verb", main.VERBS)
def test_every_verb_is_a_module(verb: str) -> None:
    assert find_spec(f"icv_lightning.{verb}")


def test_a_verb_starts_its_module_with_the_other_arguments(ended, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    monkeypatch.setattr(runpy, "run_module", lambda *a, **k: started.append((*a, *sys.argv[1:])))
    assert ended("run", "-m", "seed=0,1") == 0
    assert started == [("icv_lightning.run", "-m", "seed=0,1")]


def test_a_verb_ends_as_its_module_does(ended, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("export", "--checkpoint", "absent.ckpt") == 2
    said = capsys.readouterr().err
    assert "absent.ckpt" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["reprot"], "error: 'reprot': no such verb; did you mean report?"),
        (["seed=1"], "error: 'seed=1': not a verb; settings belong to one: icv-lightning run seed=1 …"),
        (["-m"], "error: '-m': not a verb; settings belong to one: icv-lightning run -m …"),
        (["zzz"], f"error: 'zzz': no such verb; must be one of {', '.join(main.VERBS)}"),
    ],
)
def test_an_unknown_verb_is_one_line(
    ended, words: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(*words) == 2
    assert capsys.readouterr() == ("", line + "\n")


def test_without_a_verb_the_usage_is_an_error(ended, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended() == 2
    assert capsys.readouterr() == ("", main.usage() + "\n")


def test_the_version(ended, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("--version") == 0
    assert capsys.readouterr().out == __version__ + "\n"
