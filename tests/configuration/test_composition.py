"""Sweeps of experiment files, and cells composed as Hydra composes them."""

from collections import Counter

import pytest
from hydra import compose, initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from icv_lightning.configuration import composition, identity, overrides
from icv_lightning.configuration.composition import Composition
from icv_lightning.configuration.identity import identify
from icv_lightning.configuration.overrides import parse
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.errors import UserError

SWEEP = [
    "model.embedding_dim=2,4",
    "data=mnist,fashion_mnist",
    "model.normalize=false,true",
    "loss.lambda=0,0.05,0.5,1.0",
]


@pytest.fixture(autouse=True)
def _composing():
    register_resolvers()
    with initialize_config_dir(str(composition.CONF), version_base="1.3"):
        yield


def test_the_sweep_of_a_file_is_written_out():
    given = ["experiment=paper_grid"]
    assert Composition(given, multirun=True).overrides == [*SWEEP, *given, "hydra.sweeper.params=null"]


@pytest.mark.parametrize("values", ["data=mnist", "data=fashion_mnist,mnist"])
def test_a_key_given_takes_the_place_of_the_files_values(values):
    given = ["experiment=paper_grid", values, "seed=0,1"]
    assert Composition(given, multirun=True).overrides == [
        SWEEP[0], *SWEEP[2:], *given, "hydra.sweeper.params=null",
    ]  # fmt: skip


def test_without_a_sweep_nothing_is_added():
    for multirun in (True, False):
        assert Composition(["experiment=paper_cell", "seed=1"], multirun).overrides == [
            "experiment=paper_cell", "seed=1",
        ]  # fmt: skip


def test_a_grid_needs_multirun_unless_it_is_narrowed_to_one_cell():
    with pytest.raises(UserError, match=r"a grid over .*: add -m, or give one value for model.embedding_dim"):
        Composition(["experiment=paper_grid", "data=mnist"], multirun=False)
    one = ["experiment=paper_grid", *(line.split(",")[0] for line in SWEEP)]
    assert Composition(one, multirun=False).overrides == one


def test_the_paper_grid_is_the_papers_32_cells():
    configs = [cell.config for cell in Composition(["experiment=paper_grid"], True).cells()]
    seen = {
        (c["data"]["name"], c["model"]["embedding_dim"], c["model"]["normalize"], float(c["loss"]["lambda"]))
        for c in configs
    }
    assert len(configs) == len(seen) == 32
    assert {c["trainer"]["max_epochs"] for c in configs} == {20}
    assert {(c["optimizer"]["lr"], c["data"]["batch_size"], c["seed"]) for c in configs} == {(0.001, 256, 0)}
    assert [c["model"]["embedding_dim"] for c in configs] == [2] * 16 + [4] * 16


GRIDS = [
    ["data=digits,mnist", "loss.lambda=0,0.5", "~callbacks.progress", "+trainer.gradient_clip_val=1,2"],
    ["data=digits", "seed=0,1,2", "model.net.widths=[4,8],[8]", "model.normalize=true,false"],
    ["data=digits", "data.classes=null,[1,2,3]", "name=a,b", "paths.outputs=x,y"],
    ["data=digits", "model=backbone,face_descriptor", "data.image_size=32,64"],
    ["data=digits", "centroids=batch_mean,learned", "optimizer.lr=0.1,0.01", "optimizer.centroid_lr=null"],
    ["data=digits", "loss.lambda=${optimizer.lr},0.5", "optimizer.lr=0.1,0.2", "++data.val_size=100,200"],
    ["data=digits", "callbacks.progress=null", "data.transform=null,{_target_: a.T, p: ${loss.lambda}}"],
    ["data=digits", "loss=metric_learning", "loss.name=arcface,cosface"],
]


@pytest.mark.parametrize("lines", GRIDS, ids=lambda lines: " ".join(lines)[:60])
def test_cells_are_those_that_hydra_composes(lines):
    made = list(Composition(lines, multirun=True).cells())
    batches = BasicSweeper.split_arguments(parse(lines), max_batch_size=None)
    wanted = [compose("config", list(overrides)) for overrides in batches[0]]
    assert [cell.name for cell in made] == [config.cell for config in wanted]
    assert [cell.config for cell in made] == [OmegaConf.to_container(c, resolve=True) for c in wanted]
    assert [cell.hash for cell in made] == [identify(config).hash for config in wanted]


def test_a_cell_is_composed_resolved_and_hashed_once(monkeypatch):
    calls = Counter()

    def counted(owner, name):
        function = getattr(owner, name)

        def call(*arguments, **options):
            calls[name] += 1
            return function(*arguments, **options)

        monkeypatch.setattr(owner, name, call)

    counted(OverridesParser, "parse_override")
    counted(ConfigLoaderImpl, "load_configuration")
    counted(identity, "_digest")
    overrides.parse_one.cache_clear()
    cells = list(Composition(["data=digits", "seed=10,11,12,13", "loss.lambda=0,0.5"], True).cells())
    assert len({cell.hash for cell in cells}) == 8
    assert calls["_digest"] == 8
    assert calls["load_configuration"] == 1
    assert calls["parse_override"] == 3 + 4 + 2  # each text as it is given, and each value of a sweep


def test_a_broken_yaml_file_is_one_line(tmp_path):
    (tmp_path / "loss").mkdir()
    (tmp_path / "loss" / "mine.yaml").write_text("name: mine\n  lambda: [0\n")
    with pytest.raises(UserError, match=r"mine\.yaml.*line 2") as error:
        Composition([f"hydra.searchpath=[{tmp_path}]", "loss=mine"], multirun=False)
    assert "\n" not in str(error.value)
