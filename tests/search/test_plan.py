"""What a search looks for, and the command line of each trial's run."""

from typing import Any

import pytest

from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.errors import UserError

pytest.importorskip("optuna")
from icv_lightning.search.plan import SearchPlan, composed


def test_a_trial_s_settings_take_the_place_of_those_given():
    space: Any = dict.fromkeys(["loss.lambda", "model.embedding_dim"])
    plan = SearchPlan(["data=digits", "+loss.lambda=1", "data.val_size=300"], composed([]), space)
    params = {"loss.lambda": 0.25, "model.embedding_dim": 8}
    assert plan.arguments(params, "data.val_size=0") == [
        "data=digits", "loss.lambda=0.25", "model.embedding_dim=8", "data.val_size=0"
    ]  # fmt: skip


def test_what_does_not_compose_is_one_line():
    register_resolvers()
    assert composed(["data=digits", "name=look"]).name == "look"
    with pytest.raises(UserError, match=r"Could not override 'no\.such'") as error:
        composed(["no.such=1"])
    assert "\n" not in str(error.value)
