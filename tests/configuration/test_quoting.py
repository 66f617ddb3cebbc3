"""Paths with signs that Hydra's grammar reads otherwise."""

import shlex

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from omegaconf import MISSING, OmegaConf  # a text that no setting can hold

from icv_lightning.configuration.checks import check
from icv_lightning.configuration.overrides import parse
from icv_lightning.configuration.quoting import check_texts, typed
from icv_lightning.errors import UserError

SIGNS = " ,=()[]{}'\"\\$#&;:!*?~%@ü/.-_+aZ09"


def understood(argument: str) -> str:
    """What the settings hold after a shell, Hydra and OmegaConf have read what was typed."""
    [word] = shlex.split(argument)
    [override] = parse([word])
    return OmegaConf.create({"value": override.value()}).value


@example("\\${")
@example("a\\\\${b}")
@given(st.text(SIGNS, min_size=1, max_size=12).filter(lambda text: text[0] != "~" and text != MISSING))
def test_what_is_to_be_typed_says_what_was_meant(text):
    advice = typed(f"data.root={text}")
    assert advice is not None
    assert understood(advice) == text


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("data.root=my pictures, 2024", "'data.root=\"my pictures, 2024\"'"),
        ("ckpt_path=epoch=0.ckpt", "'ckpt_path=\"epoch=0.ckpt\"'"),
        ("data.root=a (1) [b]", "'data.root=\"a (1) [b]\"'"),
        ("data.root=2024", "'data.root=\"2024\"'"),
        ("data.root=it's", """'data.root="it'"'"'s"'"""),
    ],
)
def test_by_hand(line, advice):
    assert typed(line) == advice


def test_a_tilde_is_expanded_since_no_shell_does_so_there(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert typed("data.root=~/pictures") == "data.root=/home/me/pictures"


def test_what_is_no_key_and_value():
    assert typed("nothing") is None
    assert typed("a b=c") is None


@pytest.mark.parametrize(
    "line", ["data.root=a=b", "ckpt_path=epoch=0-step=9.ckpt", "paths.outputs=out (1)", "data.root=~/x[1]"]
)
def test_the_command_answers_with_what_to_type(line):
    with pytest.raises(UserError) as error:
        check([line])
    assert str(error.value).endswith(f"type {typed(line)}")


@pytest.mark.parametrize(
    "line", ["data.root=2024", "name=1e3", "data.root=a,b", "ckpt_path=[1]", "name=true"]
)
def test_a_text_that_reads_as_something_else(line):
    with pytest.raises(UserError, match="is not read as one text; if it is meant so") as error:
        check_texts(parse([line]), multirun=False)
    assert understood(str(error.value).partition("type ")[2]) == line.partition("=")[2]


def test_what_is_meant_otherwise_is_left_alone():
    check_texts(
        parse(["data.root=a,b", "name='1'", "ckpt_path=null", "seed=3", "data.unreadable=skip"]), True
    )


def test_a_name_that_ends_with_a_space(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a ").mkdir()
    with pytest.raises(UserError, match=r"type 'data.root=\"a \"'"):
        check_texts(parse(["data.root=a "]), multirun=False)
