"""Each rule against scikit-learn's; leave-one-out against fitting M times."""

import pytest
import torch

from icv_lightning.evaluation.decision_rules import RULES, rule_preds
from tests.evaluation.rules import ORACLES, part, sample


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("dim", "seed"), [(2, 0), (3, 1), (20, 2)])
def test_fitted_on_others(rule, dim, seed):
    x, y = sample(dim=dim, seed=seed)
    z, _ = sample(200, dim=dim, seed=seed + 10)
    found = rule_preds(rule, part(x, y), torch.from_numpy(z))
    assert found.tolist() == ORACLES[rule](x, y)(z).tolist()


@pytest.mark.parametrize("rule", RULES)
def test_blocks_change_nothing(rule, monkeypatch):
    x, y = sample(seed=3)
    whole = [rule_preds(rule, part(x, y)), rule_preds(rule, part(x, y), torch.from_numpy(x))]
    for module in ("decision_rules", "leave_one_out"):
        monkeypatch.setattr(f"icv_lightning.evaluation.{module}.BLOCK", 28)
    again = [rule_preds(rule, part(x, y)), rule_preds(rule, part(x, y), torch.from_numpy(x))]
    assert [found.tolist() for found in again] == [found.tolist() for found in whole]


def test_numbers_without_pictures_are_never_named():
    x, y = sample(classes=3)
    for rule in RULES:
        found = [rule_preds(rule, part(x, 2 * y)), rule_preds(rule, part(x, 2 * y), torch.from_numpy(x))]
        assert {k for preds in found for k in preds.tolist()} <= {0, 2, 4}


def test_another_rule():
    with pytest.raises(ValueError, match=r"rule must be one of euclidean, .*lda, got 'svm'"):
        rule_preds("svm", part(*sample()))
