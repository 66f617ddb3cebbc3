"""What embeddings are worth for classes never trained on: repeated enrolment, and rejection of unknowns."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from sklearn.metrics import roc_auc_score
from torch import Tensor

from icv_lightning.data.images import seed_of
from icv_lightning.nearest_centroid_classifier import NearestCentroidClassifier, Prediction

FALSE_REJECTION_RATE = 0.05  # at which the threshold for unknown classes is set


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
    threshold that is set on every second known image for a false rejection rate of 5 % and measured on the
    others.

    Of new classes, for each (ways, shots), means over `draws`: `among_new`, accuracy where only these are
    enrolled; `among_all_new` and `among_all_known`, accuracy on new and on known images where the known
    classes stand beside them.

    Args:
        train: of the classes that were trained on; its class means are their centroids.
        known: other images of the same classes.
        new: of classes never trained on.
        distance: as of `NearestCentroidClassifier`.
        settings: pairs of ways and shots.
        draws: how many times each setting is drawn.
    """
    base = NearestCentroidClassifier(distance=distance)
    if distance == "mahalanobis":
        base.fit_covariance(*train)
    enroll(base, train)
    asked, strange = base.predict(known.embeddings), base.predict(new.embeddings)
    is_right = known.named_by(asked)
    yield Row(distance, 0, 0, "acc_known", is_right.double().mean().item())
    is_new = [0] * len(known.target) + [1] * len(new.target)
    scores = torch.cat([asked.distances, strange.distances])
    yield Row(distance, 0, 0, "auroc", float(roc_auc_score(is_new, scores)))
    threshold = base.fit_threshold(known.embeddings[::2], known.names()[::2], FALSE_REJECTION_RATE)
    for name, found in {"known": asked.distances[1::2], "new": strange.distances}.items():
        yield Row(distance, 0, 0, f"rejected_{name}", (found > threshold).double().mean().item())
    for ways, shots in settings:
        sums = torch.zeros(3, dtype=torch.float64)
        for number in range(draws):
            episode = draw(new.target, ways, shots, number)
            among = NearestCentroidClassifier(distance=distance, covariance=base.covariance)
            enroll(among, new.at(episode.enrolled))
            nearest = among.predict(new.embeddings[episode.queries])
            right = new.at(episode.queries).named_by(nearest)
            # Distances to the known means are the same in every draw: among all, the nearer side wins.
            nearer = nearest.distances < strange.distances[episode.queries]
            kept = asked.distances <= among.predict(known.embeddings).distances
            sums += torch.stack([x.double().mean() for x in (right, right & nearer, is_right & kept)])
        means = zip(("among_new", "among_all_new", "among_all_known"), (sums / draws).tolist(), strict=True)
        yield from (Row(distance, ways, shots, name, value) for name, value in means)


def enroll(classifier: NearestCentroidClassifier, part: Embedded) -> None:
    """Enrol every class of `part` under its number."""
    for k in torch.unique(part.target).tolist():
        classifier.enroll(part.embeddings[part.target == k], str(k))
