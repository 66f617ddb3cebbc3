"""The space of a search, and the overrides of a point in it."""

import pytest

from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.declarations.settings import SETTINGS
from icv_lightning.errors import UserError

pytest.importorskip("optuna")
from icv_lightning.search.space import assigned, read_space, without


def test_kinds_of_distributions_follow_the_key_and_the_ends():
    register_resolvers()
    node = {
        "loss": {"lambda": {"low": 0.001, "high": 10, "log": True}},
        "model": {"embedding_dim": {"low": 2, "high": 64}, "normalize": {"choices": [True, False]}},
        "optimizer": {"lr": {"low": 1, "high": 2}},
    }
    space = read_space(node, ["data=digits"], SETTINGS)
    assert {key: type(found).__name__ for key, found in space.items()} == {
        "loss.lambda": "FloatDistribution", "model.embedding_dim": "IntDistribution",
        "model.normalize": "CategoricalDistribution", "optimizer.lr": "FloatDistribution",
    }  # fmt: skip
    assert (space["loss.lambda"].low, space["loss.lambda"].high, space["loss.lambda"].log) == (
        0.001,
        10,
        True,
    )


@pytest.mark.parametrize(
    ("leaf", "said"),
    [
        ({"low": 1}, "must hold low and high"),
        ({"low": 2, "high": 1}, "low=2 high=1: must be finite numbers"),
        ({"low": 0, "high": 1, "log": True}, "needs low above 0"),
        ({"low": -1, "high": 1}, "loss.lambda=-1: must be a finite number of at least 0"),
        ({"choices": []}, "must be a list of numbers, words, true, false or null"),
        ({"choices": [[1]]}, "must be a list of numbers, words, true, false or null"),
    ],
)
def test_a_wrong_range_is_named(leaf, said):
    with pytest.raises(UserError, match=said):
        read_space({"loss": {"lambda": leaf}}, ["data=digits"], SETTINGS)


def test_overrides_of_a_point():
    assert [assigned("a.b", value) for value in (None, True, 0.1, 3, "x")] == [
        "a.b=null", "a.b=true", "a.b=0.1", "a.b=3", "a.b=x"
    ]  # fmt: skip
    assert without(["+a.b=1", "~c", "a.bc=2", "a.b=3"], ["a.b", "c"]) == ["a.bc=2"]
