"""Two models on the same pictures: paired differences, over pictures and over classes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from icv_lightning.audit.audited import Audit, Filed, Measure
from icv_lightning.audit.sentences import points
from icv_lightning.audit.vectors import OF_PICTURES, Vectors
from icv_lightning.errors import UserError
from icv_lightning.inference.bootstrap import bootstrap_mean

COMPARED = (
    "acc_euclidean", "acc_cosine", "acc_mahalanobis", "acc_knn", "acc_lda",
    "recall_at_1", "recall_at_5", "recall_at_10", "r_precision", "map_at_r",
)  # fmt: skip
FEW_CLASSES = 10  # below so many, resampling classes says little


@dataclass(frozen=True)
class Comparison(Filed):
    """What the second audit has more than the first, picture by picture.

    Attributes:
        first: source of the first.
        second: source of the second.
        over_pictures: second less first, intervals for other pictures of these classes.
        over_classes: the same differences, intervals for other classes.
        sentences: conclusions.
    """

    first: str
    second: str
    over_pictures: Sequence[Measure]
    over_classes: Sequence[Measure]
    sentences: Sequence[str]


def aligned(first: Vectors, second: Vectors) -> tuple[Vectors, Vectors]:
    """Return both with the pictures in the first one's order, without those that are not finite in either.

    What the second does not say of its pictures (classes, split) is taken from the first.

    Raises:
        UserError: other pictures, or pictures of other classes.
    """
    if first.files is not None and second.files is not None:
        places = {str(name): k for k, name in enumerate(second.files)}
        if len(places) != len(first.files) or set(places) != set(map(str, first.files)):
            raise UserError(f"{second.source}: must hold the pictures of {first.source}, by the array files")
        second = taken(second, np.array([places[str(name)] for name in first.files]))
    if len(first.embeddings) != len(second.embeddings):
        raise UserError(
            f"{second.source}: must hold the {len(first.embeddings)} pictures of {first.source}, has "
            f"{len(second.embeddings)}"
        )
    for field in ("target", "split"):
        if getattr(second, field) is None:
            second = replace(second, **{field: getattr(first, field)})
        elif getattr(first, field) is None:
            first = replace(first, **{field: getattr(second, field)})
        elif (np.asarray(getattr(first, field)) != np.asarray(getattr(second, field))).any():
            raise UserError(f"{second.source}: {field} is not that of {first.source}, picture by picture")
    finite = np.flatnonzero(np.isfinite(first.embeddings).all(1) & np.isfinite(second.embeddings).all(1))
    return taken(first, finite), taken(second, finite)


def taken(vectors: Vectors, index: np.ndarray) -> Vectors:
    """Return the pictures at these positions."""
    columns = {field: getattr(vectors, field) for field in OF_PICTURES}
    found = {field: np.asarray(column)[index] for field, column in columns.items() if column is not None}
    return replace(vectors, embeddings=vectors.embeddings[index], **found)


def compare(first: Audit, second: Audit) -> Comparison:
    """Return the differences of two audits of the same pictures in the same order."""
    draws, seed = first.settings["draws"], first.settings["seed"]
    pictures: list[Measure] = []
    classes: list[Measure] = []
    for name in COMPARED:
        if name not in first.by_picture or name not in second.by_picture:
            continue
        differences = second.by_picture[name] - first.by_picture[name]
        measured = np.isfinite(differences)
        values, groups = differences[measured], first.target[measured]
        for rows, group, unit in ((pictures, None, "pictures"), (classes, groups, "classes")):
            found = bootstrap_mean(values, group, draws, seed)
            rows.append(Measure.of("difference", name, found, f"second less first, paired, {unit} resampled"))
    return Comparison(first.source, second.source, pictures, classes, list(map(_sentence, pictures, classes)))


def _sentence(over_pictures: Measure, over_classes: Measure) -> str:
    """Say which is better, for other pictures of these classes and for other classes."""
    value, low, high = (points(x, sign=True) for x in over_pictures[2:5])
    words = f"{over_pictures.name}: second less first {value} points ({low} to {high} over pictures"
    words += (
        f", {points(over_classes.low, sign=True)} to {points(over_classes.high, sign=True)} over classes): "
    )
    if over_pictures.low <= 0 <= over_pictures.high:
        return words + "no difference shown; with these pictures either may be better."
    better = "second" if over_pictures.value > 0 else "first"
    words += f"the {better} is better on pictures of these classes"
    if over_classes.n < FEW_CLASSES:
        return words + f"; {over_classes.n} classes are too few to speak of others."
    if over_classes.low <= 0 <= over_classes.high:
        return words + "; not shown for other classes."
    return words + ", and for other classes like these."
