"""Two models on the same pictures: paired, aligned by file, in words that hold."""

import numpy as np
import pytest

from icv_lightning.audit.comparison import aligned, compare
from icv_lightning.audit.study import audit
from icv_lightning.audit.vectors import Vectors
from icv_lightning.errors import UserError


def models(gap, classes=12, each=20, seed=0):
    """Two models; the first spreads its classes less far apart where `gap` is below 1."""
    rng = np.random.default_rng(seed)
    target = np.repeat(np.arange(classes), each)
    means, noise = rng.normal(size=(classes, 4)) * 2, rng.normal(size=(2, len(target), 4))
    files = np.array([f"{i}.png" for i in range(len(target))])
    return [
        Vectors(name, scale * means[target] + noise[i], target, files=files)
        for i, (name, scale) in enumerate((("a", gap), ("b", 1.0)))
    ]


def compared(first, second):
    return compare(*(audit(v, draws=200) for v in aligned(first, second)))


def test_a_better_model_is_named_and_paired_by_hand():
    a, b = models(0.5)
    found = compared(a, b)
    hits = [audit(v, draws=2).by_picture["acc_euclidean"] for v in (a, b)]
    by_name = {m.name: m for m in found.over_pictures}
    assert by_name["acc_euclidean"].value == pytest.approx((hits[1] - hits[0]).mean())
    assert by_name["acc_euclidean"].low > 0
    assert "the second is better on pictures of these classes, and for other classes" in found.sentences[0]
    assert [m.n for m in found.over_classes[:1]] == [12]


def test_no_difference_is_not_called_one():
    a, b = models(1.0)
    assert "no difference shown" in compared(a, b).sentences[0]
    same = compared(a, a)
    assert {m.value for m in same.over_pictures} == {0}


def test_few_classes_say_nothing_of_others():
    assert (
        "4 classes are too few to speak of others" in compared(*models(0.3, classes=4, each=60)).sentences[0]
    )


def test_pictures_are_matched_by_file():
    a, b = models(0.5)
    order = np.random.default_rng(1).permutation(len(b.target))
    mixed = Vectors("b", b.embeddings[order], b.target[order], files=b.files[order])
    assert compared(a, mixed).over_pictures == compared(a, b).over_pictures


def test_what_one_does_not_say_the_other_does_and_broken_vectors_leave_both():
    a, b = models(0.5)
    bare = Vectors("b", b.embeddings.copy())
    bare.embeddings[3] = np.nan
    first, second = aligned(Vectors("a", a.embeddings, a.target), bare)
    assert len(first.embeddings) == len(second.embeddings) == len(a.target) - 1
    assert second.target.tolist() == first.target.tolist() == np.delete(a.target, 3).tolist()


def test_other_pictures():
    a, b = models(0.5)
    for change, words in (
        (
            {"files": np.array([f"{i}.jpg" for i in range(240)])},
            "must hold the pictures of a, by the array files",
        ),
        (
            {"embeddings": b.embeddings[1:], "files": None, "target": b.target[1:]},
            "the 240 pictures of a, has 239",
        ),
        ({"target": b.target[::-1]}, "target is not that of a, picture by picture"),
    ):
        other = Vectors(
            **{"source": "b", "embeddings": b.embeddings, "target": b.target, "files": b.files} | change
        )
        with pytest.raises(UserError, match=words):
            aligned(a, other)
