"""Identification among enrolled persons (closed set), or among these and strangers (open set)."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from icv_lightning.recognition.nearest_centroid_classifier import NearestCentroidClassifier
from icv_lightning.unseen.episodes import Embedded, draw, enroll

RATES = (0.01, 0.05, 0.1)  # of false alarms


def detection_rate(
    known: Float[Tensor, " known"],
    right: Bool[Tensor, " known"],
    strangers: Float[Tensor, " stranger"],
    false_alarm_rate: float,
) -> float:
    """Return the detection and identification rate at a rate of false alarms (Phillips et al. 2011).

    It is the share of known persons' pictures that are given the right name at a distance below the
    threshold; the threshold is the greatest at which no more than that share of strangers' pictures is given
    a name.

    Args:
        known: distances to the nearest enrolled person, of pictures of enrolled persons.
        right: whether that nearest is their own.
        strangers: distances of pictures of persons who are not enrolled.
        false_alarm_rate: share of strangers to accept, in [0, 1).

    Raises:
        ValueError: a rate outside [0, 1), or no pictures.
    """
    if not 0 <= false_alarm_rate < 1:
        raise ValueError(f"false_alarm_rate must be in [0, 1), got {false_alarm_rate}")
    if not len(known) or not len(strangers):
        raise ValueError(f"known and strangers must hold pictures, got {len(known)} and {len(strangers)}")
    allowed = int(false_alarm_rate * len(strangers) + 1e-9)  # 0.29 · 100 is 29, not 28.999…
    threshold = strangers.sort().values[allowed]
    return (right & (known < threshold)).double().mean().item()


def identification(
    part: Embedded, distance: str, shots: int = 1, draws: int = 10, rates: Sequence[float] = RATES
) -> Mapping[str, float]:
    """Return `rank_1` and `dir_at_far_…`, means over draws of who is enrolled and from which pictures.

    Closed set: every person with more than `shots` pictures is enrolled from `shots` of them; the other
    pictures are asked for. Open set: half of these persons are enrolled, the pictures of all others are
    strangers'. A rate is measured where it lets at least one stranger's picture through.

    Args:
        part: embeddings of persons never trained on.
        distance: "euclidean" or "cosine", to the mean of a person's enrolled embeddings.
        shots: pictures enrolled of each.
        draws: how many times persons and pictures are drawn.
        rates: false-alarm rates.

    Raises:
        ValueError: fewer than 2 persons with more than `shots` pictures.
    """
    persons, counts = torch.unique(part.target, return_counts=True)
    enough = persons[counts > shots]
    if len(enough) < 2:
        raise ValueError(f"shots must be below the pictures of at least 2 persons, got {shots}")
    usable = part.at(torch.isin(part.target, enough).nonzero()[:, 0])
    closed = [_closed(usable, len(enough), distance, shots, number) for number in range(draws)]
    opened = [_open(usable, part, len(enough) // 2, distance, shots, number) for number in range(draws)]
    found = {"rank_1": float(np.mean(closed))}
    for rate in rates:
        if all(rate * len(strangers) >= 1 - 1e-9 for *_, strangers in opened):
            found[f"dir_at_far_{rate:g}"] = float(np.mean([detection_rate(*one, rate) for one in opened]))
    return found


def _closed(part: Embedded, ways: int, distance: str, shots: int, number: int) -> float:
    episode = draw(part.target, ways, shots, number)
    classifier = NearestCentroidClassifier(distance=distance)
    enroll(classifier, part.at(episode.enrolled))
    probes = part.at(episode.queries)
    return probes.named_by(classifier.predict(probes.embeddings)).double().mean().item()


def _open(
    part: Embedded, whole: Embedded, ways: int, distance: str, shots: int, number: int
) -> tuple[Tensor, Tensor, Tensor]:
    episode = draw(part.target, ways, shots, number)
    enrolled, probes = part.at(episode.enrolled), part.at(episode.queries)
    strangers = whole.at((~torch.isin(whole.target, enrolled.target)).nonzero()[:, 0])
    classifier = NearestCentroidClassifier(distance=distance)
    enroll(classifier, enrolled)
    found = classifier.predict(probes.embeddings)
    return found.distances, probes.named_by(found), classifier.predict(strangers.embeddings).distances
