"""Measures of embeddings by a protocol, without a network."""

import numpy as np
import pytest
import torch

from icv_lightning.errors import UserError
from icv_lightning.evaluation.verification import pair_scores, verification_measures
from icv_lightning.unseen.episodes import Embedded
from icv_lightning.verify import study
from icv_lightning.verify.pairs import all_pairs, draw_pairs
from icv_lightning.verify.study import FAR_GRID, Protocol, evaluate, measure_pairs, measure_persons

PROTOCOL = Protocol(folds=3, each=20, draws=2)


def persons(size: int = 9, each: int = 8) -> Embedded:
    rng = np.random.default_rng(0)
    target = torch.arange(size).repeat_interleave(each)
    centres = torch.from_numpy(rng.normal(size=(size, 4)))
    return Embedded(centres[target] + 0.6 * torch.from_numpy(rng.normal(size=(len(target), 4))), target)


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_the_roc_is_of_all_pairs_and_the_accuracy_of_drawn_ones(distance, monkeypatch):
    part = persons()
    target = part.target.numpy()

    def of(pairs, fold):
        scores = pair_scores(part.embeddings[pairs.first], part.embeddings[pairs.second], distance)
        return verification_measures(scores, pairs.genuine, fold)

    whole, drawn = all_pairs(target), draw_pairs(target, 3, 20, 0)
    found, _ = measure_persons(part, PROTOCOL, distance)
    assert found["auc"] == of(whole, None)["auc"] != of(drawn, None)["auc"]
    assert found["accuracy"] == of(drawn, drawn.fold)["accuracy"]
    assert {"rank_1", "dir_at_far_0.1"} < set(found)
    monkeypatch.setattr(study, "PICTURES", 10)  # too many pictures for all their pairs
    assert measure_persons(part, PROTOCOL, distance)[0]["auc"] == of(drawn, None)["auc"]


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_of_how_many_pairs_are_held_at_once_nothing_depends(distance, monkeypatch):
    part = persons()
    pairs = all_pairs(part.target.numpy())
    whole = measure_pairs(part, pairs, distance)
    held = []
    monkeypatch.setattr(study, "BLOCK", 7 * part.embeddings.shape[1])
    monkeypatch.setattr(study, "pair_scores", lambda a, b, d: held.append(len(a)) or pair_scores(a, b, d))
    assert measure_pairs(part, pairs, distance) == whole
    assert max(held) == 7
    assert sum(held) == len(pairs.first)


def test_the_curve_by_counting():
    part = persons()
    pairs = all_pairs(part.target.numpy())
    _, tars = measure_pairs(part, pairs, "euclidean")
    scores = pair_scores(part.embeddings[pairs.first], part.embeddings[pairs.second], "euclidean")
    impostors = np.sort(scores[~pairs.genuine])[::-1]
    for far, tar in zip(FAR_GRID, tars, strict=True):
        allowed = int(far * len(impostors) + 1e-6)
        if allowed < 1:
            assert tar is None
        else:
            least = impostors[allowed] if allowed < len(impostors) else -np.inf
            assert tar == pytest.approx((scores[pairs.genuine] > least).mean())
    assert tars[-1] == 1.0


def test_runs_that_kept_no_persons_are_said_before_anything_is_measured(checkpoint, caplog):
    caplog.set_level("INFO")
    runs = checkpoint.parent.parent.parent
    with pytest.raises(UserError, match="kept no persons to verify; give --checkpoint and"):
        evaluate(runs, Protocol())
    assert "measuring" not in caplog.text
    assert not (runs / "verification").exists()
