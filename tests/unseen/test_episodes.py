"""Draws and measures on unseen classes: by hand, against brute force, and where embeddings say nothing."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestCentroid

from icv_lightning.unseen.episodes import Embedded, draw, measure

TARGET = torch.arange(40) % 4


def arrays(part: Embedded) -> tuple[np.ndarray, np.ndarray]:
    return part.embeddings.numpy(), part.target.numpy()


@given(st.integers(1, 4), st.integers(1, 9), st.integers(0, 1000))
def test_a_draw_enrols_so_many_of_each_and_asks_for_the_others(ways, shots, number):
    episode = draw(TARGET, ways, shots, number)
    counts = TARGET[episode.enrolled].bincount(minlength=4)
    assert sorted(counts.tolist(), reverse=True) == [shots] * ways + [0] * (4 - ways)
    both = torch.cat(episode)
    assert len(set(both.tolist())) == len(both) == 10 * ways
    assert set(TARGET[episode.queries].tolist()) == set(TARGET[episode.enrolled].tolist())


def test_a_draw_depends_on_its_number_alone():
    torch.manual_seed(1)
    first = draw(TARGET, 2, 3, number=0)
    torch.manual_seed(2)
    assert all(torch.equal(a, b) for a, b in zip(first, draw(TARGET, 2, 3, number=0), strict=True))
    others = [draw(TARGET, 2, 3, number).enrolled.tolist() for number in range(20)]
    assert len({tuple(other) for other in others}) == 20


@pytest.mark.parametrize(
    ("ways", "shots", "message"),
    [(5, 1, "ways must be at most the 4 new classes, got 5"), (2, 10, "shots must be below the 10 images")],
)
def test_refused(ways, shots, message):
    with pytest.raises(ValueError, match=message):
        draw(TARGET, ways, shots, 0)


def line(*classes: tuple[int, list[float]]) -> Embedded:
    """Embeddings on a line."""
    values = [x for _, row in classes for x in row]
    target = [k for k, row in classes for _ in row]
    return Embedded(torch.tensor(values, dtype=torch.float64)[:, None], torch.tensor(target))


def test_by_hand():
    train = line((0, [-1, 1]), (1, [9, 11]))  # means 0 and 10
    known = line((0, [1, 2, 6, 4]), (1, [10, 12, 9, 13]))  # 6 is nearer to 10; distances 1 2 4 4, 0 2 1 3
    new = line((7, [20, 20, 20]), (8, [5, 5, 5]))  # distances to known 10, 5: one draw is as another
    rows = {
        (row.measure, row.ways, row.shots): row.value
        for row in measure(train, known, new, "euclidean", [(2, 1)], 3)
    }
    assert rows == {
        ("acc_known", 0, 0): 7 / 8,
        ("auroc", 0, 0): 1,
        ("rejected_known", 0, 0): 0,  # threshold from 1, 6 (own mean: 6), 10, 9: 6
        ("rejected_new", 0, 0): 1 / 2,
        ("among_new", 2, 1): 1,
        ("among_all_new", 2, 1): 1,
        ("among_all_known", 2, 1): 6 / 8,  # 4 goes to the new 5, and 6 was wrong before
    }


def clouds(seed: int, classes: range, size: int = 12) -> Embedded:
    generator = torch.Generator().manual_seed(seed)
    centres = 2 * torch.randn(10, 4, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    target = torch.tensor([k for k in classes for _ in range(size)])
    return Embedded(
        centres[target] + torch.randn(len(target), 4, generator=generator, dtype=torch.float64), target
    )


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_against_scikit_learn_with_all_classes_in_one_classifier():
    train, known, new = clouds(0, range(6)), clouds(1, range(6)), clouds(2, range(6, 10))
    found = {
        (r.measure, r.shots): r.value for r in measure(train, known, new, "euclidean", [(4, 2), (4, 5)], 3)
    }
    base = NearestCentroid().fit(*arrays(train))
    assert found["acc_known", 0] == pytest.approx(base.score(*arrays(known)))
    centres = torch.as_tensor(base.centroids_)
    scores = [torch.cdist(part.embeddings, centres).min(1).values for part in (known, new)]
    assert found["auroc", 0] == pytest.approx(roc_auc_score([0] * 72 + [1] * 48, torch.cat(scores)))
    for shots in (2, 5):
        sums = torch.zeros(3, dtype=torch.float64)
        for number in range(3):
            enrolled, queries = (new.at(index) for index in draw(new.target, 4, shots, number))
            among = NearestCentroid().fit(*arrays(enrolled))
            whole = NearestCentroid().fit(np.concatenate([base.centroids_, among.centroids_]), np.arange(10))
            sums += torch.tensor([
                among.score(*arrays(queries)),
                whole.score(*arrays(queries)),
                whole.score(*arrays(known)),
            ])  # fmt: skip
        expected = dict(zip(("among_new", "among_all_new", "among_all_known"), sums / 3, strict=True))
        for name, value in expected.items():
            assert found[name, shots] == pytest.approx(value)


@pytest.mark.parametrize("distance", ["euclidean", "cosine", "mahalanobis"])
def test_every_distance_finds_separated_classes_and_nothing_in_noise(distance):
    def shifted(part: Embedded, by: float) -> Embedded:
        return Embedded(
            part.embeddings + by * torch.eye(10, dtype=torch.float64)[part.target, :10], part.target
        )

    def noise(seed: int, classes: range) -> Embedded:
        generator = torch.Generator().manual_seed(seed)
        target = torch.tensor([k for k in classes for _ in range(30)])
        return Embedded(torch.randn(len(target), 10, generator=generator, dtype=torch.float64), target)

    parts = noise(0, range(6)), noise(1, range(6)), noise(2, range(6, 10))
    far = {r.measure: r.value for r in measure(*(shifted(p, 100) for p in parts), distance, [(4, 5)], 2)}
    assert far.pop("rejected_known") < 0.2
    assert set(far.values()) == {1.0}
    near = {r.measure: r.value for r in measure(*parts, distance, [(4, 5)], 5)}
    assert 0.1 < near["among_new"] < 0.4
    assert 0.4 < near["auroc"] < 0.6
