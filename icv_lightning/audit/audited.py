"""What an audit holds: every number with what it was computed from, as Python, JSON and tables have it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

import numpy as np

from icv_lightning.audit.sanity import Finding
from icv_lightning.inference.bootstrap import Estimate
from icv_lightning.nested import finite

SECTIONS = {
    "classes": "Shape of the classes",
    "rules": "Decision rules",
    "retrieval": "Retrieval",
    "strangers": "Strangers",
    "labels": "Likely label errors",
    "difference": "Difference",
}


class Measure(NamedTuple):
    """One number.

    Attributes:
        section: one of `SECTIONS`.
        name: the measure's name, in snake case.
        value: NaN where it is undefined.
        low: lower end of its 95 % interval; NaN where there is none.
        high: upper end of its 95 % interval.
        n: number of pictures, queries or classes.
        how: how it was computed, in a line.
    """

    section: str
    name: str
    value: float
    low: float
    high: float
    n: int
    how: str

    @classmethod
    def plain(cls, section: str, name: str, value: float, n: int, how: str) -> "Measure":
        """Return one without an interval."""
        return cls(section, name, value, float("nan"), float("nan"), n, how)

    @classmethod
    def of(cls, section: str, name: str, estimate: Estimate, how: str) -> "Measure":
        """Return one with its interval."""
        return cls(section, name, *estimate, how)


class Filed:
    """A dataclass that is written to audit.json, but for fields that are in no file."""

    def as_json(self) -> dict[str, Any]:
        """Return what audit.json holds; what is not finite is null."""
        kept = [f.name for f in fields(self) if f.metadata.get("file", True)]  # type: ignore[arg-type]
        return {name: finite(getattr(self, name)) for name in kept}


@dataclass(frozen=True)
class Audit(Filed):
    """All that was found.

    Attributes:
        source: where the embeddings come from.
        num_images: M, of finite embeddings.
        embedding_dim: N.
        class_names: K.
        protocol: what was fitted on what, in a line.
        settings: seed, draws and the like.
        sanity: findings about the input.
        measures: every number.
        sentences: conclusions.
        classes: a row for each class.
        pairs: classes that take each other's pictures, worst first.
        suspects: pictures whose label is likely wrong, likeliest first.
        by_picture: values of each picture by measure, NaN where it has none; in no file.
        target: M classes from 0; in no file.
        points: 2-d views of some pictures by name, and their classes; in no file.
    """

    source: str
    num_images: int
    embedding_dim: int
    class_names: Sequence[str]
    protocol: str
    settings: Mapping[str, Any]
    sanity: Sequence[Finding]
    measures: Sequence[Measure]
    sentences: Sequence[str]
    classes: Sequence[Mapping[str, Any]]
    pairs: Sequence[Mapping[str, Any]]
    suspects: Sequence[Mapping[str, Any]]
    by_picture: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False, metadata={"file": False})
    target: np.ndarray = field(default_factory=lambda: np.empty(0, int), repr=False, metadata={"file": False})
    points: Mapping[str, Any] = field(default_factory=dict, repr=False, metadata={"file": False})

    def value(self, name: str) -> float:
        """Return the value of the measure `name`; raise `KeyError` where there is none."""
        return {measure.name: measure.value for measure in self.measures}[name]
