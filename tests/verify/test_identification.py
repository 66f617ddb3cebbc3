"""Closed and open sets: hand-made distances and embeddings."""

import pytest
import torch
from torch.nn.functional import one_hot

from icv_lightning.unseen.episodes import Embedded, draw
from icv_lightning.verify.identification import detection_rate, identification

KNOWN = torch.tensor([0.1, 0.2, 0.5, 0.9])
RIGHT = torch.tensor([True, False, True, True])
STRANGERS = torch.tensor([0.3, 0.6, 0.8, 1.0])


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(0.0, 1 / 4), (0.24, 1 / 4), (0.25, 2 / 4), (0.5, 2 / 4), (0.75, 3 / 4)],
)
def test_detection_rate_by_hand(rate, expected):
    # thresholds 0.3, 0.3, 0.6, 0.8, 1.0; the second known picture never counts, its name is wrong
    assert detection_rate(KNOWN, RIGHT, STRANGERS, rate) == expected


def test_a_stranger_at_the_same_distance_is_no_false_alarm():
    assert detection_rate(torch.tensor([0.3]), torch.tensor([True]), torch.tensor([0.3, 0.4]), 0) == 0


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_separated_persons_are_all_found(distance):
    target = torch.arange(8).repeat_interleave(5)
    noise = 0.01 * torch.randn(40, 8, generator=torch.Generator().manual_seed(0))
    found = identification(Embedded(one_hot(target, 8) + noise, target), distance, draws=3)
    assert found == {"rank_1": 1.0, "dir_at_far_0.05": 1.0, "dir_at_far_0.1": 1.0}  # 20 strangers: no 0.01


def test_embeddings_that_say_nothing_are_named_by_chance():
    target = torch.arange(10).repeat_interleave(20)
    noise = torch.randn(200, 3, generator=torch.Generator().manual_seed(0))
    found = identification(Embedded(noise, target), "euclidean", shots=2, draws=5)
    assert found["rank_1"] == pytest.approx(0.1, abs=0.05)
    assert found["dir_at_far_0.01"] < 0.05


def test_rank_1_by_hand():
    # On a line: person 0 twice at 0, person 1 at 1 and 0.4. Enrolled from 1, the picture at 0.4 goes to
    # person 0 and half is right; enrolled from 0.4, the one at 1 is right too.
    part = Embedded(torch.tensor([[0.0], [0.0], [1.0], [0.4]]), torch.tensor([0, 0, 1, 1]))
    values = [0.5 if 2 in draw(part.target, 2, 1, n).enrolled.tolist() else 1.0 for n in range(8)]
    assert set(values) == {0.5, 1.0}
    assert identification(part, "euclidean", draws=8)["rank_1"] == sum(values) / 8


def test_a_person_with_too_few_pictures_is_a_stranger():
    target = torch.tensor([0, 0, 1, 1, 2])
    part = Embedded(one_hot(target, 3).double(), target)
    assert identification(part, "euclidean", draws=2, rates=(0.5,))["dir_at_far_0.5"] == 1.0


def test_refused():
    with pytest.raises(ValueError, match=r"false_alarm_rate must be in \[0, 1\), got 1"):
        detection_rate(KNOWN, RIGHT, STRANGERS, 1)
    with pytest.raises(ValueError, match="must hold pictures, got 0 and 4"):
        detection_rate(KNOWN[:0], RIGHT[:0], STRANGERS, 0)
    with pytest.raises(ValueError, match="shots must be below the pictures of at least 2 persons, got 2"):
        identification(Embedded(torch.zeros(4, 1), torch.tensor([0, 0, 0, 1])), "euclidean", shots=2)
