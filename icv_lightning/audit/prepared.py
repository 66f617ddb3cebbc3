"""Embeddings as an audit takes them: checked, finite, classes numbered."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from icv_lightning.audit.parts import Parts, is_of_test, parts_of
from icv_lightning.audit.sanity import Finding, sanity
from icv_lightning.audit.vectors import Vectors
from icv_lightning.errors import UserError
from icv_lightning.evaluation.decision_rules import Part


@dataclass(frozen=True, eq=False)
class Prepared(Parts):
    """Finite embeddings with numbered classes, and their `Parts`.

    Attributes:
        source: where they come from.
        embeddings: M x N.
        target: M classes from 0.
        class_names: K.
        files: M names of pictures, or their positions.
        centroids: K x N, or None.
        weight: K x N of the model's linear scores, or None.
        preds: M classes that the model itself gave, -1 for one that there is not; None where it gave none.
        findings: findings about the input.
    """

    source: str
    embeddings: Tensor
    target: Tensor
    class_names: Sequence[str]
    files: Sequence[str]
    centroids: Tensor | None
    weight: Tensor | None
    preds: Tensor | None
    findings: Sequence[Finding]

    def part(self, index: Tensor) -> Part:
        """Return the embeddings and classes at these positions."""
        return Part(self.embeddings[index], self.target[index])


def prepared(vectors: Vectors) -> Prepared:
    """Return what can be audited.

    Raises:
        UserError: shapes that do not fit, no classes, fewer than two of them, or none with two pictures.
    """
    embeddings, target = _checked(vectors)
    names = [str(k) for k in range(len(target))] if vectors.files is None else [str(x) for x in vectors.files]
    is_test = is_of_test(vectors)
    findings = sanity(embeddings, target, is_test, names)
    kept = np.isfinite(embeddings).all(1)
    classes, numbers = np.unique(target[kept], return_inverse=True)
    counts = np.bincount(numbers, minlength=1)
    if len(classes) < 2 or counts.max() < 2:
        raise UserError(
            f"{vectors.source}: needs 2 classes, one of them with 2 pictures; has {len(classes)} with "
            f"at most {counts.max()}"
        )
    parts = parts_of(vectors, kept, numbers, is_test)
    return Prepared(
        **vars(parts),
        source=vectors.source,
        embeddings=torch.from_numpy(embeddings[kept]),
        target=torch.from_numpy(numbers),
        class_names=[str(name) for name in classes],
        files=[name for name, keep in zip(names, kept, strict=True) if keep],
        centroids=_of_classes(vectors, "centroids", classes),
        weight=_of_classes(vectors, "weight", classes),
        preds=_preds(vectors, kept, classes),
        findings=findings,
    )


def _checked(vectors: Vectors) -> tuple[np.ndarray, np.ndarray]:
    embeddings = np.asarray(vectors.embeddings)
    if embeddings.ndim != 2 or not embeddings.size or embeddings.dtype.kind not in "fiub":
        raise UserError(
            f"{vectors.source}: embeddings must be numbers of shape M x N, got {embeddings.dtype} of shape "
            f"{' x '.join(map(str, embeddings.shape)) or 'one number'}"
        )
    if embeddings.dtype not in (np.float32, np.float64):
        embeddings = embeddings.astype(np.float32 if embeddings.dtype == np.float16 else np.float64)
    if vectors.target is None:
        raise UserError(f"{vectors.source}: says no classes; give the array target, or --labels FILE")
    size = len(embeddings)
    for field in ("target", "split", "files", "is_query", "is_gallery", "preds"):
        column = getattr(vectors, field)
        if column is not None and np.shape(column) != (size,):
            raise UserError(
                f"{vectors.source}: {field} must hold one value for each of the {size} embeddings, has shape "
                f"{' x '.join(map(str, np.shape(column)))}"
            )
    target = np.asarray(vectors.target)
    if target.dtype.kind == "f" and np.isfinite(target).all() and (target == np.round(target)).all():
        target = target.astype(np.int64)
    if target.dtype.kind == "f":
        raise UserError(
            f"{vectors.source}: target must be names or whole numbers of classes, got {target[:3]}"
        )
    return embeddings, target.astype(str) if target.dtype.kind == "O" else target


def _of_classes(vectors: Vectors, field: str, classes: np.ndarray) -> Tensor | None:
    rows = getattr(vectors, field)
    if rows is None:
        return None
    expected = (len(classes), np.shape(vectors.embeddings)[1])
    if np.shape(rows) != expected:
        raise UserError(
            f"{vectors.source}: {field} must be {expected[0]} x {expected[1]}, a row a class in order, "
            f"got {' x '.join(map(str, np.shape(rows)))}"
        )
    return torch.from_numpy(np.asarray(rows)).double()


def _preds(vectors: Vectors, kept: np.ndarray, classes: np.ndarray) -> Tensor | None:
    """Return the model's own answers as numbers of classes; None where none of them is a class."""
    if vectors.preds is None:
        return None
    places = {str(name): k for k, name in enumerate(classes)}
    found = np.array([places.get(str(pred), -1) for pred in np.asarray(vectors.preds)[kept]])
    return torch.from_numpy(found) if (found >= 0).any() else None
