"""Results of anybody are used only where all that a report reads is as a run writes it."""

from typing import Any

import pytest

from icv_lightning.nested import select
from icv_lightning.records.soundness import check_results


def results(**changes: Any) -> dict[str, Any]:
    """Return results, `__` in a key for the dot between nodes; a change to "gone" takes a key away."""
    found: dict[str, Any] = {
        "status": "completed",
        "cell": {"data": "mnist", "lambda": 0.05, "embedding_dim": 2, "normalize": False, "seed": 0},
        "config": {"data": {"name": "mnist"}, "trainer": {"max_epochs": 3}},
        "metrics": {"test/acc": 0.9, "test/loss": None},
        "confusion": [[1, 0], [0, 2]],
        "class_names": ["0", "1"],
        "seconds": 3.5,
    }
    for key, value in changes.items():
        *above, last = key.split("__")
        node = select(found, ".".join(above)) if above else found
        if value == "gone":
            del node[last]
        else:
            node[last] = value
    return found


@pytest.mark.parametrize("gone", [{}, {"metrics": "gone"}, {"confusion": None}, {"config": {}}])
def test_what_a_run_writes_passes(gone: dict[str, Any]) -> None:
    check_results(results(**gone))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": "gone"}, "has no status"),
        ({"status": 3}, "status is '3'"),
        ({"cell": "gone"}, "has no cell"),
        ({"cell__seed": -1}, r"cell\.seed is '-1'"),
        ({"cell__embedding_dim": 0}, r"cell\.embedding_dim is '0'"),
        ({"cell__normalize": 1}, r"cell\.normalize is '1'"),
        ({"cell__lambda": float("nan")}, r"cell\.lambda is 'nan'"),
        ({"config__data": "mnist"}, r"config\.data is 'mnist'"),
        ({"config__trainer__max_epochs": 2.5}, r"config\.trainer\.max_epochs is '2\.5'"),
        ({"metrics": {"test/acc": 10**400}}, "metrics is"),
        ({"metrics": {"test/acc": "high"}}, "metrics is"),
        ({"confusion": [[1, 0]]}, "confusion is"),
        ({"class_names": [0, 1]}, "class_names is"),
        ({"seconds": True}, "seconds is 'True'"),
        ({"config__data": {"root": "${oc.env:HOME}"}}, "config: holds the interpolation"),
    ],
)
def test_the_first_wrong_key_is_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=rf"^results\.json: {said}"):
        check_results(results(**change))
