"""The experiment files: cells that can start, and a balanced choice of classes."""

from collections import Counter
from itertools import combinations

import pytest
from omegaconf import OmegaConf

from icv_lightning.configuration import checks
from icv_lightning.configuration.resolvers import register_resolvers


def splits(name: str) -> list[list[int]]:
    params = OmegaConf.load(checks.CONF / "experiment" / f"{name}.yaml").hydra.sweeper.params
    return OmegaConf.to_object(OmegaConf.create(f"[{params['data.classes']}]"))


@pytest.mark.parametrize("name", ["unseen_mnist", "unseen_fashion_mnist"])
def test_every_class_is_left_out_three_times_and_no_two_twice_together(name):
    chosen = splits(name)
    assert [len(set(classes)) for classes in chosen] == [7] * 10
    left_out = [sorted(set(range(10)) - set(classes)) for classes in chosen]
    assert Counter(k for three in left_out for k in three) == dict.fromkeys(range(10), 3)
    assert max(Counter(pair for three in left_out for pair in combinations(three, 2)).values()) == 1


@pytest.mark.parametrize("name", ["unseen_mnist", "unseen_omniglot"])
def test_all_cells_pass_the_checks(name, monkeypatch):
    register_resolvers()
    seen = []
    monkeypatch.setattr(checks, "check_cell", lambda cell, multirun: seen.append(cell))
    checks.check(["-m", f"experiment={name}"])
    assert len({cell.name for cell in seen}) == len(seen) == (24 if name == "unseen_omniglot" else 40)
    assert {cell.config["data"]["num_classes"] for cell in seen} == (
        {136, 156} if name == "unseen_omniglot" else {7}
    )
    for cell in seen[:: len(seen) - 1]:
        monkeypatch.undo()
        checks.check_cell(cell, multirun=True)
