"""Command lines that are right and look odd, or are wrong and look right; nothing is trained here."""

import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from PIL import Image

from icv_lightning import building
from icv_lightning.configuration import checks
from icv_lightning.configuration.paths import FILES, check_place
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.data.sizes import look_again
from icv_lightning.declarations.choices import CONF
from icv_lightning.errors import UserError
from icv_lightning.run import trainer
from icv_lightning.search import __main__ as search

ODD = "conf,x (=['"  # signs of Hydra's grammar
GONE = "torch.optim.lr_scheduler.NoSuchThing"
TINY_NET = """
defaults: [convnet]
name: tiny
net: {hidden: 16, breadth: 8}
about: {keys: {net.breadth: {kind: integer, low: 1, high: 99, meaning: features}}}
"""


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    register_resolvers()
    look_again()


def said(*arguments: str) -> str:
    """Return the one line that refuses a command line."""
    with pytest.raises(UserError) as error:
        checks.check(["data=digits", *arguments])
    assert "\n" not in str(error.value)
    return str(error.value)


def own_model(folder: str) -> None:
    """Write a choice of the group `model` into a folder of configuration files."""
    (Path(folder) / "model").mkdir(parents=True)
    (Path(folder) / "model" / "tiny.yaml").write_text(TINY_NET)


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
    monkeypatch.setattr(search, "read_plan", lambda arguments: read.append(list(arguments)))
    monkeypatch.setattr(search, "search", lambda plan: plan)
    monkeypatch.setattr(search, "show", lambda plan, study: True)
    monkeypatch.setattr(search, "find_spec", lambda name: name)
    assert search._search() == 0
    [arguments] = read
    assert arguments[:2] == ["name=s", "model=tiny"]
    [cell] = checks.check(["data=digits", *arguments]).cells
    assert cell.config["model"]["name"] == "tiny"


@pytest.mark.parametrize(
    ("override", "line"),
    [
        (
            f"+optimizer.scheduler._target_={GONE}",
            "unknown key optimizer.scheduler; the nearest is optimizer.",
        ),
        (
            f"+scheduler._target_={GONE}",
            "+scheduler._target_: is a key already; leave out the +",
        ),
        ("+loss.class_weights._target_=torch.ones", "loss.class_weights={'_target_': 'torch.ones'}: must be"),
        ("+paths.more._target_=torch.ones", "unknown key paths.more; the nearest is paths."),
        ("+experiment.foo=1", "unknown key experiment.foo; the nearest is experiment"),
        ("+search.foo._target_=torch.ones", "unknown key search.foo; the nearest is search"),
        ("+data.about.foo._target_=torch.ones", "unknown key data.about.foo; the nearest is data"),
        ("+callbacks.snapshot.evrey._target_=torch.ones", None),
    ],
)
def test_a_node_that_nothing_reads_is_refused(override: str, line: str | None) -> None:
    if line is None:  # a constructor gets it, and refuses it itself
        checks.check(["data=digits", override])
    else:
        assert said(override).startswith(line)


def test_the_nearest_key_is_one_of_the_chosen_model() -> None:
    own_model("own")
    assert said("model.net.widht=8").endswith("unknown key model.net.widht; the nearest is model.net.widths")
    line = said("--config-dir", "own", "model=tiny", "model.net.braedth=8")
    assert line == "unknown key model.net.braedth; the nearest is model.net.breadth"


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


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        ("+model.net.hiden=3", "; the nearest is model.net.hidden"),
        ("+model.net.extra._target_=torch.nn.Identity", "; it takes batch_norm, channels, dropout, embed"),
        ("+data.seeed=3", "; the nearest is data.seed"),
        ("+logger.csv.foldr=3", "; the nearest is logger.csv.folder"),
    ],
)
def test_a_constructor_that_lacks_an_argument_says_the_nearest(override: str, hint: str) -> None:
    [cell] = checks.check(["data=digits", override]).cells
    config = OmegaConf.create(cell.config)
    build = {
        "data": lambda: building.build_datamodule(config),
        "model": lambda: building.build_module(**building.module_arguments(config)),
        "logger": lambda: trainer.build_trainer(config, Path()),
    }[override[1:].partition(".")[0]]
    with pytest.raises(UserError, match=f"got an unexpected keyword argument '.*'{hint}"):
        build()


def test_a_setting_may_name_the_folder_of_its_run() -> None:
    given = "+callbacks.best.dirpath=${paths.run}/x"
    [cell] = checks.check(["data=digits", "data.val_size=200", "callbacks=best", given]).cells
    [other] = checks.check(["data=digits", "data.val_size=200", "callbacks=best"]).cells
    assert cell.config["callbacks"]["best"]["dirpath"] == f"{cell.config['paths']['run']}/x"
    assert cell.config["paths"]["run"].startswith("outputs/")
    assert other.config["callbacks"]["best"].get("dirpath") != cell.config["callbacks"]["best"]["dirpath"]


def test_outputs_that_are_a_link_to_nothing() -> None:
    Path("link").symlink_to("nowhere")
    assert said("paths.outputs=link") == ("paths.outputs=link name=runs: link is a link that leads nowhere")
    assert not Path("nowhere").exists()


@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_place_of_a_file_of_a_run(tmp_path: Path, name: str) -> None:
    run = tmp_path / "out" / "runs" / "cell"
    (run / name).mkdir(parents=True)
    paths = {"run": str(run), "outputs": "out", "records": None}
    with pytest.raises(UserError, match=f"^paths.outputs=out name=runs: .*/{name} is a folder, and must be"):
        check_place({"paths": paths, "name": "runs"})


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
