import numpy as np

from icv_lightning.audit.sanity import sanity


def texts(*arguments):
    return [f"{finding.number} {finding.text}" for finding in sanity(*arguments)]


def test_every_flaw_is_counted_with_examples():
    x = np.random.default_rng(0).normal(size=(20, 3))
    x[:, 2] = 7
    x[1, 0], x[2, 1] = np.nan, np.inf
    x[5] = x[12] = x[4]  # 12 is in test
    x[8] = 0
    target = np.array(["a", "b"] * 10)
    target[19] = "c"
    is_test = np.arange(20) >= 10
    names = [f"{i}.png" for i in range(20)]
    found = texts(x, target, is_test, names)
    assert found[:4] == [
        "2 not finite (NaN or infinite) and left out: 1.png, 2.png",
        "1 zero vectors, whose cosine is undefined and taken as 0: 8.png",
        "2 copies of an earlier vector, value for value: 4.png, 5.png, 12.png",
        "1 test vectors that stand in train too: the same picture in both parts: 12.png",
    ]
    assert "1 classes with one picture alone: c" in found
    assert any(text.startswith("1 classes in test alone") for text in found)


def test_constant_dimensions_and_unit_length():
    angles = np.linspace(0, 3, 30)
    x = np.stack([np.cos(angles), np.sin(angles), np.zeros(30)], 1)
    found = texts(x, np.arange(30) % 2, None, range(30))
    assert found == ["1 of 3 dimensions are constant: 2", "30 vectors, all of unit length"]


def test_nothing_wrong():
    x = np.random.default_rng(1).normal(size=(30, 3)) * 5
    assert [finding.is_harmful for finding in sanity(x, np.arange(30) % 2, None, range(30))] == [False]


def test_minus_zero_is_zero():
    x = np.random.default_rng(1).normal(size=(4, 2))
    x[0], x[1] = [0.0, 1], [-0.0, 1]
    assert "1 copies" in texts(x, np.array([0, 0, 1, 1]), None, range(4))[0]
