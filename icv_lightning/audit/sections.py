"""The sections of an audit: each yields its measures; values of single pictures go into `by_picture`."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from icv_lightning.audit.audited import Measure
from icv_lightning.audit.how import HOW_RULE, HOW_SHAPE, HOW_STRANGER
from icv_lightning.audit.prepared import Prepared
from icv_lightning.evaluation.class_shape import class_shape
from icv_lightning.evaluation.conformal import conformal_threshold
from icv_lightning.evaluation.decision_rules import RULES, Part, rule_preds
from icv_lightning.evaluation.geometry import own_distances, spacing
from icv_lightning.evaluation.label_errors import suspects
from icv_lightning.evaluation.retrieval import query_values
from icv_lightning.evaluation.strangers import held_class_rejection, nearest_distances, rejection
from icv_lightning.inference.bootstrap import Estimate
from icv_lightning.variability import class_means

KS = (1, 5, 10)
ByPicture = dict[str, np.ndarray]
Mean = Callable[[np.ndarray], Estimate]  # of single values, with its interval


def shape(data: Prepared) -> Iterator[Measure]:
    """Yield the shape of the classes of the pictures asked for."""
    for name, value in class_shape(*data.part(data.asked), data.centroids, data.weight).items():
        how = HOW_SHAPE.get(name, "share of var_within along a principal axis of R_w")
        yield Measure.plain("classes", name, value, len(data.asked), how)


def rules(data: Prepared, by_picture: ByPicture, estimate: Mean) -> Iterator[Measure]:
    """Yield the accuracy of each rule, and what each gains over the nearest class mean by Euclid."""
    fitted, asked = data.part(data.fitted), data.part(data.asked)
    for rule in RULES:
        preds = rule_preds(rule, fitted, None if data.is_left_out else asked.embeddings)
        by_picture[f"pred_{rule}"] = _spread(preds, data.asked, len(data.target), -1)
        hits = (preds == asked.target).double()
        by_picture[f"acc_{rule}"] = _spread(hits, data.asked, len(data.target), np.nan)
        found = estimate(hits.numpy())
        yield Measure.of("rules", f"acc_{rule}", found, f"accuracy of the {HOW_RULE[rule]}")
    if data.preds is not None:
        yield from _of_model(data, by_picture, estimate)
    base = by_picture["acc_euclidean"][data.asked]
    for rule in RULES[1:]:
        gain = estimate(by_picture[f"acc_{rule}"][data.asked] - base)
        yield Measure.of(
            "rules", f"gain_{rule}", gain, f"accuracy of the {HOW_RULE[rule]} less that by Euclid, paired"
        )


def leads(data: Prepared, by_picture: ByPicture, estimate: Mean) -> dict[str, Estimate]:
    """Return for each rule how much more accurate the most accurate one is, paired."""
    hits = {rule: by_picture[f"acc_{rule}"][data.asked] for rule in RULES}
    best = max(hits.values(), key=np.mean)
    return {rule: estimate(best - own) for rule, own in hits.items()}


def _of_model(data: Prepared, by_picture: ByPicture, estimate: Mean) -> Iterator[Measure]:
    """Yield what the model's own answers are worth, and how often the nearest class mean says the same."""
    assert data.preds is not None
    own, nearest = data.preds[data.asked].numpy(), by_picture["pred_euclidean"][data.asked]
    hits = (own == data.target[data.asked].numpy()).astype(float)
    how = "accuracy of the classes that the model itself gave"
    yield Measure.of("rules", "acc_model", estimate(hits), how)
    agreed = estimate((own == nearest).astype(float))
    yield Measure.of("classes", "nc4", agreed, HOW_SHAPE["nc4"])


def retrieval(data: Prepared, by_picture: ByPicture, max_queries: int, estimate: Mean) -> Iterator[Measure]:
    """Yield Recall@k, R-precision and MAP@R."""
    if data.query is None or data.gallery is None:
        index, gallery, where = data.asked, None, "among the pictures asked for, itself left out"
    else:
        index, gallery, where = data.query, data.part(data.gallery), "of the queries, in the gallery"
    found = query_values(*data.part(index), max_queries, KS, gallery)
    places = index[found.pop("query")]
    for name, values in found.items():
        if not len(values):
            continue
        by_picture[name] = _spread(values, places, len(data.target), np.nan)
        how = f"Euclid, exact, {where}; ties against"
        yield Measure.of("retrieval", name, estimate(values.numpy()), how)


def strangers(data: Prepared, alpha: float, seed: int) -> Iterator[Measure]:
    """Yield what rejection by distance to the nearest class mean is worth, by Euclid and by cosine."""
    means, calibration, asked = _known_parts(data, seed)
    unknown = data.part(data.strangers)
    for distance in ("euclidean", "cosine"):
        near = nearest_distances(calibration.embeddings, means, distance)
        if len(unknown.target):
            known, far = (nearest_distances(part.embeddings, means, distance) for part in (asked, unknown))
            found = rejection(near, known, far, alpha)
            held = f"strangers: {len(far)} pictures of classes that train lacks"
        else:
            found = held_class_rejection(means, calibration, asked, distance, alpha)
            held = "strangers: classes whose means are left out in turn; a network may know them"
        threshold = conformal_threshold(near, alpha)
        found["threshold"] = threshold.value
        for name, value in found.items():
            how = HOW_STRANGER[name].format(alpha=alpha, n=threshold.n, held=held, distance=distance)
            yield Measure.plain("strangers", f"{name}_{distance}", value, len(asked.target), how)


def _known_parts(data: Prepared, seed: int) -> tuple[Tensor, Part, Part]:
    """Return class means, and two halves of other pictures of these classes, dealt at random."""
    generator = torch.Generator().manual_seed(seed)

    def shuffled(index: Tensor) -> Tensor:
        return index[torch.randperm(len(index), generator=generator)]

    if data.is_left_out:  # no pictures but those that the means are of: half of them gives the means
        known = torch.isin(data.target, data.target[data.strangers], invert=True).nonzero()[:, 0]
        order = shuffled(known)
        fitted, rest = order[: len(order) // 2], order[len(order) // 2 :]
    else:
        fitted, rest = data.fitted, shuffled(data.asked)
    means = class_means(*data.part(fitted), num_classes=len(data.class_names))
    rest = rest[means[data.target[rest]].isfinite().all(1)]
    return means, data.part(rest[::2]), data.part(rest[1::2])


def label_errors(data: Prepared) -> list[dict[str, Any]]:
    """Return a row for each picture whose label is likely wrong, likeliest first."""
    found = suspects(data.embeddings, data.target)
    return [
        {
            "file": data.files[i],
            "label": data.class_names[int(data.target[i])],
            "suggested": data.class_names[k],
            "agreement": agreement,
            "ratio": ratio,
        }
        for i, k, agreement, ratio in zip(*(column.tolist() for column in found), strict=True)
    ]


def class_rows(data: Prepared, by_picture: ByPicture) -> list[dict[str, Any]]:
    """Return for each class its pictures, mean norm, distances in spacings and accuracy."""
    part = data.part(data.asked)
    means = class_means(*part, num_classes=len(data.class_names)).numpy()
    own = own_distances(part.embeddings.numpy(), part.target.numpy(), means)
    own, norms = own / spacing(means), part.embeddings.double().norm(dim=1).numpy()
    hits = by_picture["acc_euclidean"][data.asked]
    rows = []
    for k, name in enumerate(data.class_names):
        chosen = (part.target == k).numpy()
        if not chosen.any():
            continue
        middle, tail = np.quantile(own[chosen], [0.5, 0.99])
        rows.append(
            {
                "class": name, "n": int(chosen.sum()), "norm": float(norms[chosen].mean()),
                "distance_median": float(middle), "distance_p99": float(tail),
                "acc_euclidean": float(hits[chosen].mean()),
            }
        )  # fmt: skip
    return rows


def _spread(values: Tensor, index: Tensor, size: int, rest: float) -> np.ndarray:
    """Return `values` at their positions among all pictures, `rest` elsewhere."""
    found = np.full(size, rest)
    found[index.numpy()] = values.numpy()
    return found
