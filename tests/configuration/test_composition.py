"""Sweeps of experiment files, and cells composed as Hydra composes them."""

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from icv_lightning.configuration import composition
from icv_lightning.configuration.identity import cell_name
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
    assert composition.arguments(given, multirun=True) == [*SWEEP, *given, "hydra.sweeper.params=null"]


@pytest.mark.parametrize("values", ["data=mnist", "data=fashion_mnist,mnist"])
def test_a_key_given_takes_the_place_of_the_files_values(values):
    given = ["experiment=paper_grid", values, "seed=0,1"]
    assert composition.arguments(given, multirun=True) == [
        SWEEP[0], *SWEEP[2:], *given, "hydra.sweeper.params=null",
    ]  # fmt: skip


def test_without_a_sweep_nothing_is_added():
    for multirun in (True, False):
        assert composition.arguments(["experiment=paper_cell", "seed=1"], multirun) == [
            "experiment=paper_cell", "seed=1",
        ]  # fmt: skip


def test_a_grid_needs_multirun_unless_it_is_narrowed_to_one_cell():
    with pytest.raises(UserError, match=r"a grid over .*: add -m, or give one value for model.embedding_dim"):
        composition.arguments(["experiment=paper_grid", "data=mnist"], multirun=False)
    one = ["experiment=paper_grid", *(line.split(",")[0] for line in SWEEP)]
    assert composition.arguments(one, multirun=False) == one


def test_the_paper_grid_is_the_papers_32_cells():
    configs = list(composition.cells(composition.arguments(["experiment=paper_grid"], True), True))
    seen = {(c.data.name, c.model.embedding_dim, c.model.normalize, float(c.loss["lambda"])) for c in configs}
    assert len(configs) == len(seen) == 32
    assert {c.trainer.max_epochs for c in configs} == {20}
    assert {(c.optimizer.lr, c.data.batch_size, c.seed) for c in configs} == {(0.001, 256, 0)}
    assert [c.model.embedding_dim for c in configs] == [2] * 16 + [4] * 16


def test_cells_are_those_that_hydra_composes():
    clipping = "trainer.gradient_clip_val"
    lines = [
        "data=digits,mnist", "loss.lambda=0,0.5", "~callbacks.progress", f"+{clipping}=1,2",
    ]  # fmt: skip
    made = list(composition.cells(lines, multirun=True))
    wanted = [
        compose("config", [f"data={data}", f"loss.lambda={weight}", lines[2], f"+{clipping}={clip}"])
        for data in ("digits", "mnist") for weight in (0, 0.5) for clip in (1, 2)
    ]  # fmt: skip
    assert [cell_name(c) for c in made] == [cell_name(c) for c in wanted]
    assert [OmegaConf.to_container(c, resolve=True) for c in made] == [
        OmegaConf.to_container(c, resolve=True) for c in wanted
    ]
