"""Labels flipped on purpose: so many, each to another class, the same for equal seeds."""

import numpy as np

from experiments.label_errors import flip


def test_flipped_labels_are_as_many_as_asked_and_all_wrong():
    target = np.arange(1000) % 10
    wrong, flipped = flip(target, 0.05, seed=3)
    assert flipped.sum() == 50
    assert ((wrong != target) == flipped).all()
    assert set(wrong.tolist()) <= set(range(10))
    again, other = flip(target, 0.05, seed=3), flip(target, 0.05, seed=4)
    assert (again[0] == wrong).all()
    assert (other[1] != flipped).any()
