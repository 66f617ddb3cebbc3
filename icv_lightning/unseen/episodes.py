"""What embeddings are worth for classes never trained on: repeated enrolment, and rejection of unknowns."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from sklearn.metrics import roc_auc_score
from torch import Tensor

from icv_lightning.data.images import seed_of
from icv_lightning.recognition.nearest_centroid_classifier import NearestCentroidClassifier, Prediction

FALSE_REJECTION_RATE = 0.05  # that the threshold for unknown classes promises
OF_DRAWS = ("among_new", "among_all_new", "among_all_known")


class Embedded(NamedTuple):
    """Embeddings (M x N) of a part and their classes (M)."""

    embeddings: Float[Tensor, "sample dim"]
    target: Int[Tensor, " sample"]

    def names(self) -> list[str]:
        """Return the classes as names to enrol."""
        return [str(k) for k in self.target.tolist()]

    def at(self, index: Int[Tensor, " some"]) -> "Embedded":
        """Return the images at these positions."""
        return Embedded(self.embeddings[index], self.target[index])

    def named_by(self, found: Prediction) -> Bool[Tensor, " sample"]:
        """Tell which images were given the name of their class."""
        return torch.tensor([name == own for name, own in zip(found.names, self.names(), strict=True)])


class Episode(NamedTuple):
    """One draw: which images of the new classes are enrolled, and which are asked for."""

    enrolled: Int[Tensor, " enrolled"]
    queries: Int[Tensor, " queries"]


class Row(NamedTuple):
    """One measured value, a mean over draws where there are any."""

    distance: str
    ways: int
    shots: int
    measure: str
    value: float


def draw(target: Int[Tensor, " sample"], ways: int, shots: int, number: int) -> Episode:
    """Return draw `number`: `ways` of the classes in `target`, `shots` images of each, all others as queries.

    The same for equal arguments, whatever was trained.

    Raises:
        ValueError: more classes than there are, or a class with no more than `shots` images.
    """
    generator = torch.Generator().manual_seed(seed_of(ways, shots, number))
    classes = torch.unique(target)
    if ways > len(classes):
        raise ValueError(f"ways must be at most the {len(classes)} new classes, got {ways}")
    chosen = classes[torch.randperm(len(classes), generator=generator)[:ways]].sort().values
    enrolled, queries = [], []
    for k in chosen.tolist():
        images = (target == k).nonzero()[:, 0]
        if shots >= len(images):
            raise ValueError(f"shots must be below the {len(images)} images of a new class, got {shots}")
        images = images[torch.randperm(len(images), generator=generator)]
        enrolled.append(images[:shots])
        queries.append(images[shots:])
    return Episode(torch.cat(enrolled), torch.cat(queries))


def measure(
    train: Embedded,
    known: Embedded,
    new: Embedded,
    distance: str,
    settings: Sequence[tuple[int, int]],
    draws: int,
) -> Iterator[Row]:
    """Yield all measures of one embedding and distance.

    Of known classes alone: `acc_known`, nearest class mean of `train`; `auroc`, known against new images by
    the distance to the nearest of these means; `rejected_known` and `rejected_new`, fractions beyond a
    threshold that is set on every second known image, so that at most 5 % of further ones are rejected
    (`conformal_threshold`), and measured on the others.

    Of new classes, for each (ways, shots), means over `draws`: `among_new`, accuracy where only these are
    enrolled; `among_all_new` and `among_all_known`, accuracy on new and on known images where the known
    classes stand beside them.

    Args:
        train: embeddings of the classes that were trained on; its class means are their centroids.
        known: other images of the same classes.
        new: embeddings of classes never trained on.
        distance: a distance of `NearestCentroidClassifier`.
        settings: pairs of ways and shots.
        draws: how many times each setting is drawn.
    """
    base = NearestCentroidClassifier(distance=distance)
    if distance == "mahalanobis":
        base.fit_covariance(*train)
    enroll(base, train)
    of_known, of_new = base.predict(known.embeddings), base.predict(new.embeddings)
    is_right = known.named_by(of_known)
    yield Row(distance, 0, 0, "acc_known", _share(is_right))
    is_new = [0] * len(known.target) + [1] * len(new.target)
    scores = torch.cat([of_known.distances, of_new.distances])
    yield Row(distance, 0, 0, "auroc", float(roc_auc_score(is_new, scores)))
    threshold = base.fit_threshold(known.embeddings[::2], known.names()[::2], FALSE_REJECTION_RATE)
    yield Row(distance, 0, 0, "rejected_known", _share(of_known.distances[1::2] > threshold))
    yield Row(distance, 0, 0, "rejected_new", _share(of_new.distances > threshold))

    def accuracies(episode: Episode) -> list[float]:
        among = NearestCentroidClassifier(distance=distance, covariance=base.covariance)
        enroll(among, new.at(episode.enrolled))
        found = among.predict(new.embeddings[episode.queries])
        right = new.at(episode.queries).named_by(found)
        # Distances to the known means are the same in every draw: among all, the nearer side wins.
        nearer = found.distances < of_new.distances[episode.queries]
        kept = of_known.distances <= among.predict(known.embeddings).distances
        return [_share(right), _share(right & nearer), _share(is_right & kept)]

    for ways, shots in settings:
        drawn = [accuracies(draw(new.target, ways, shots, number)) for number in range(draws)]
        for name, values in zip(OF_DRAWS, zip(*drawn, strict=True), strict=True):
            yield Row(distance, ways, shots, name, sum(values) / draws)


def enroll(classifier: NearestCentroidClassifier, part: Embedded) -> None:
    """Enrol every class of `part` under its number."""
    for k in torch.unique(part.target).tolist():
        classifier.enroll(part.embeddings[part.target == k], str(k))


def _share(chosen: Tensor) -> float:
    return chosen.double().mean().item()
