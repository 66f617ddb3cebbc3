"""Command lines that are right and look odd, or are wrong and look right; nothing is trained here."""

import sys
from pathlib import Path

import pytest
from PIL import Image

from icv_lightning.configuration import checks
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.data.sizes import look_again
from icv_lightning.declarations.choices import CONF
from icv_lightning.search import __main__ as search
from tests.configuration.conftest import own_model, said

ODD = "conf,x (=['"  # signs of Hydra's grammar


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    register_resolvers()
    look_again()


@pytest.mark.parametrize("before", [True, False])
def test_a_folder_of_files_may_have_any_name(before: bool) -> None:
    own_model(ODD)
    given = ["--config-dir", ODD]
    words = ["data=digits", "model=tiny", "model.embedding_dim=3"]
    request = checks.check([*given, *words] if before else [*words, *given])
    [cell] = request.cells
    assert (cell.config["model"]["name"], cell.config["model"]["net"]["hidden"]) == ("tiny", 16)
    assert request.argv == [*given, *words]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_search_takes_that_folder_in_any_place(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    own_model(ODD)
    words = ["name=s", "model=tiny"]
    words[place:place] = ["--config-dir", ODD]
    monkeypatch.setattr(sys, "argv", ["search", *words])
    read: list[list[str]] = []
    pytest.importorskip("optuna")
    from icv_lightning.search import plan, trials

    monkeypatch.setattr(plan, "read_plan", lambda arguments: read.append(list(arguments)))
    monkeypatch.setattr(trials, "search", lambda plan: plan)
    monkeypatch.setattr(trials, "show", lambda plan, study: True)
    assert search._search() == 0
    [arguments] = read
    assert arguments[:2] == ["name=s", "model=tiny"]
    [cell] = checks.check(["data=digits", *arguments]).cells
    assert cell.config["model"]["name"] == "tiny"


@pytest.mark.parametrize("name", ["config", "config.yaml", "other"])
def test_a_first_file_that_would_not_be_read_is_refused(name: str) -> None:
    folder = Path("old") / ".hydra"
    folder.mkdir(parents=True)
    for stem in ("config", "other"):
        (folder / f"{stem}.yaml").write_text("seed: 9")
    line = said("--config-dir", str(folder), "--config-name", name)
    assert line.startswith(
        f"--config-name {name}: {folder / name.removesuffix('.yaml')}.yaml would not be read"
    )
    assert "--rerun FOLDER" in line


def test_a_first_file_that_is_not_there() -> None:
    assert said("--config-name", "nosuch") == f"--config-name nosuch: there is no {CONF / 'nosuch.yaml'}"
    Path("empty").mkdir()
    line = said("--config-path", "empty")
    assert line == f"--config-name config: there is no {Path('empty').absolute() / 'config.yaml'}"


def pictures(root: str, **counts: int) -> None:
    """Write so many pictures into a folder for each class."""
    for name, count in counts.items():
        (Path(root) / name).mkdir(parents=True)
        for k in range(count):
            Image.new("L", (9, 9), 50 * k).save(Path(root) / name / f"{k}.png")


@pytest.mark.parametrize(
    ("data", "counts", "line"),
    [
        ("image_folder", {"a": 1, "b": 1}, "too few pictures to cut a test part, a class has 1"),
        ("image_folder", {"a": 4, "b": 4, "c": 0}, "class folders without pictures: c"),
        ("faces", {"a": 1, "b": 1}, "persons need two pictures for a test part; all have one"),
        ("faces", {"a": 4, "b": 4, "c": 0}, "persons without pictures: c"),
    ],
)
def test_classes_with_too_few_pictures_are_found_before_anything_is_read(
    data: str, counts: dict[str, int], line: str
) -> None:
    pictures("p", **counts)
    for path in Path("p").glob("*/*"):
        path.write_bytes(b"not looked into")
    assert said(f"data={data}", "data.root=p", "data.held_out=0" if data == "faces" else "seed=0") == (
        f"data.root=p: {line}"
    )
