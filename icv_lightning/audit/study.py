"""An audit from start to end: check the input, measure, say what to take from it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from icv_lightning.audit import sections
from icv_lightning.audit.audited import Audit, Measure
from icv_lightning.audit.how import HOW_SUSPECT
from icv_lightning.audit.prepared import prepared
from icv_lightning.audit.sentences import sentences
from icv_lightning.audit.vectors import Vectors
from icv_lightning.audit.views import views
from icv_lightning.evaluation.class_shape import mutual_confusions
from icv_lightning.inference.bootstrap import DRAWS, bootstrap_mean

MAX_QUERIES = 100_000


def audit_embeddings(
    embeddings: Any,
    target: Any,
    *,
    split: Sequence[str] | None = None,
    files: Sequence[str] | None = None,
    is_query: Sequence[bool] | None = None,
    is_gallery: Sequence[bool] | None = None,
    preds: Sequence[Any] | None = None,
    centroids: Any = None,
    weight: Any = None,
    source: str = "embeddings",
    **options: Any,
) -> Audit:
    """Return what M x N embeddings are worth, as `python -m icv_lightning.audit` writes it.

    Args:
        embeddings: M x N, an array or what NumPy makes one of (a tensor on the CPU).
        target: M, names or numbers of classes.
        split: M words, "train" for what rules are fitted on, "test" for what they are asked for; None for
            leave-one-out. Where no test class is in train, test is taken by itself.
        files: M, names of the pictures.
        is_query: M, whether it searches, with `is_gallery`: whether it is searched.
        is_gallery: M.
        preds: M, classes that the model itself gave.
        centroids: K x N in the order of the sorted classes, compared with the class means.
        weight: K x N in the same order, of the model's linear scores.
        source: a title.
        options: those of `audit`.

    Raises:
        UserError: embeddings that cannot be audited.
    """
    columns = (target, split, files, is_query, is_gallery, centroids, weight, preds)
    arrays = [None if column is None else np.asarray(column) for column in columns]
    return audit(Vectors(source, np.asarray(embeddings), *arrays), **options)


def audit(
    vectors: Vectors,
    *,
    alpha: float = 0.05,
    max_queries: int = MAX_QUERIES,
    draws: int = DRAWS,
    seed: int = 0,
    progress: Callable[[str], None] = lambda step: None,
) -> Audit:
    """Return what these embeddings are worth.

    Args:
        vectors: embeddings and what is known of them.
        alpha: share of known pictures that the threshold against strangers may reject, in (0, 1).
        max_queries: largest number of retrieval queries, evenly spaced where there are more pictures.
        draws: bootstrap samples of the intervals.
        seed: seed of all random draws.
        progress: called with the name of each step before it begins.

    Raises:
        UserError: embeddings that cannot be audited.
    """
    progress("check")
    data, by_picture = prepared(vectors), sections.ByPicture()
    estimate = partial(bootstrap_mean, draws=draws, seed=seed)
    steps: dict[str, Callable[[], Any]] = {
        "shape of classes": lambda: sections.shape(data),
        "decision rules": lambda: sections.rules(data, by_picture, estimate),
        "retrieval": lambda: sections.retrieval(data, by_picture, max_queries, estimate),
        "strangers": lambda: sections.strangers(data, alpha, seed),
    }
    measures: list[Measure] = []
    for name, step in steps.items():
        progress(name)
        measures += step()
    progress("likely label errors")
    found = sections.label_errors(data)
    measures.append(Measure.plain("labels", "suspects", len(found), len(data.target), HOW_SUSPECT))
    part = data.part(data.asked)
    preds = torch.from_numpy(by_picture["pred_euclidean"])[data.asked].long()
    progress("views")
    return Audit(
        source=data.source,
        num_images=len(data.target),
        embedding_dim=data.embeddings.shape[1],
        class_names=data.class_names,
        protocol=data.protocol,
        settings={"alpha": alpha, "max_queries": max_queries, "draws": draws, "seed": seed},
        sanity=data.findings,
        measures=measures,
        sentences=sentences(measures, sections.leads(data, by_picture, estimate)),
        classes=sections.class_rows(data, by_picture),
        pairs=mutual_confusions(preds, part.target, data.class_names),
        suspects=found,
        by_picture=by_picture,
        target=data.target.numpy(),
        points=views(part.embeddings.numpy(), part.target.numpy()),
    )
