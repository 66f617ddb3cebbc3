"""Leaving each embedding out in closed form is fitting M times."""

import numpy as np
import pytest

from icv_lightning.evaluation.decision_rules import RULES, rule_preds
from tests.evaluation.rules import ORACLES, part, sample


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("dim", "seed"), [(2, 0), (3, 1), (20, 2)])
def test_leave_one_out_is_fitting_once_for_each(rule, dim, seed):
    x, y = sample(dim=dim, seed=seed)
    expected = [
        int(ORACLES[rule](np.delete(x, i, 0), np.delete(y, i))(x[i : i + 1])[0]) for i in range(len(y))
    ]
    assert rule_preds(rule, part(x, y)).tolist() == expected


@pytest.mark.parametrize("rule", RULES)
def test_a_class_of_one_picture_can_only_be_missed(rule):
    x, y = sample(seed=4)
    x, y = np.vstack([x, [[50.0, 0, 0]]]), np.append(y, 4)
    found = rule_preds(rule, part(x, y))
    assert found[-1] != 4
    assert found[:-1].tolist() != [4] * len(y[:-1])
