"""Classes enrolled from a few images each and recognised by the nearest centroid, without training."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import torch
from jaxtyping import Float, Int
from torch import Tensor

from icv_lightning.errors import UserError, check_choice
from icv_lightning.evaluation.conformal import conformal_threshold, promised
from icv_lightning.evaluation.distances import DISTANCES, SHRINKAGE, centroid_distances
from icv_lightning.recognition.gallery_file import read_gallery, write_gallery
from icv_lightning.recognition.inputs import input_embeddings
from icv_lightning.variability import within_class_covariance

UNKNOWN = "unknown"
BLOCK = 2**21  # distances held at once, 16 MB


class Prediction(NamedTuple):
    """What `predict` says of M images.

    Attributes:
        names: M names, "unknown" beyond the threshold.
        preds: M positions in `classifier.names`, -1 for unknown.
        distances: M, to the nearest centroid.
        margin: M, how much farther the second nearest is; infinite with one name enrolled.
    """

    names: list[str]
    preds: Int[Tensor, " sample"]
    distances: Float[Tensor, " sample"]
    margin: Float[Tensor, " sample"]


class NearestCentroidClassifier:
    """Nearest centroid among enrolled names, each the mean embedding of all its images.

    Everything is summed and compared in float64 on the CPU; memory grows with names times N. Distances are
    those of `icv_lightning.evaluation.distances.centroid_distances`; for "cosine" too, a centroid is the mean
    of the embeddings as they are, and for "mahalanobis" all names share one within-class covariance R_w.

    Args:
        embed: images to embeddings, or to something with `.embeddings` such as what `load_checkpoint` gives;
            None where only embeddings are enrolled and compared.
        distance: "euclidean", "cosine" or "mahalanobis".
        threshold: a greater distance to the nearest centroid makes a prediction unknown; None for never.
        covariance: R_w, N x N, for "mahalanobis"; None until `fit_covariance`.
        shrinkage: s in [0, 1], which makes R_w invertible.

    Raises:
        ValueError: an argument that is not as said.
    """

    def __init__(
        self,
        embed: Callable[[Tensor], Any] | None = None,
        distance: str = "euclidean",
        threshold: float | None = None,
        covariance: Float[Tensor, "dim dim"] | None = None,
        shrinkage: float = SHRINKAGE,
    ) -> None:
        check_choice("distance", distance, DISTANCES)
        if threshold is not None and not threshold >= 0:
            raise ValueError(f"threshold must not be negative, or None, got {threshold}")
        if not 0 <= shrinkage <= 1:
            raise ValueError(f"shrinkage must be in [0, 1], got {shrinkage}")
        self.embed, self.distance, self.threshold, self.shrinkage = embed, distance, threshold, shrinkage
        self.covariance = None if covariance is None else covariance.double().cpu()
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    @classmethod
    def of_centroids(
        cls, centroids: Float[Tensor, "names dim"], names: Sequence[str], **options: Any
    ) -> Self:
        """Return a classifier of these centroids, each counted as one image, whatever their `names` are."""
        found = cls(**options)
        found._sums = dict(zip(names, centroids.cpu().double(), strict=True))
        found._counts = dict.fromkeys(names, 1)
        return found

    @property
    def names(self) -> list[str]:
        """Return the enrolled names, in the order of their first enrolment."""
        return list(self._sums)

    @property
    def counts(self) -> list[int]:
        """Return how many images each name was enrolled from."""
        return list(self._counts.values())

    @property
    def centroids(self) -> Float[Tensor, "names dim"]:
        """Return the mean embedding of each name, float64.

        Raises:
            ValueError: nothing is enrolled.
        """
        if not self._sums:
            raise ValueError("no name is enrolled")
        return torch.stack([self._sums[name] / self._counts[name] for name in self._sums])

    def enroll(self, inputs: Tensor, name: str) -> None:
        """Add images (M x C x H x W) or embeddings (M x N) to `name`, new or known.

        Raises:
            ValueError: no images, values that are not finite, another N, or a name that is empty or
                "unknown".
        """
        if not isinstance(name, str) or not name or name == UNKNOWN:
            raise ValueError(f"name must be text, not empty and not {UNKNOWN!r}, got {name!r}")
        embeddings = self._embeddings(inputs)
        if not len(embeddings):
            raise ValueError(f"{name}: at least one image must be enrolled")
        self._sums[name] = self._sums.get(name, 0) + embeddings.sum(0)
        self._counts[name] = self._counts.get(name, 0) + len(embeddings)

    def remove(self, name: str) -> None:
        """Forget a name; raise `ValueError` where it is not enrolled."""
        self._positions([name])
        del self._sums[name], self._counts[name]

    def predict(self, inputs: Tensor) -> Prediction:
        """Return the nearest name of images (M x C x H x W) or embeddings (M x N), the first of equals.

        Raises:
            ValueError: nothing is enrolled, values that are not finite, or another N.
        """
        embeddings, centroids = self._embeddings(inputs), self.centroids
        if not len(embeddings):
            raise ValueError("at least one image must be given")
        rows = max(1, BLOCK // len(centroids))
        parts = [_two_nearest(self._distances(block, centroids)) for block in torch.split(embeddings, rows)]
        preds, nearest, second = (torch.cat(part) for part in zip(*parts, strict=True))
        if self.threshold is not None:
            preds = torch.where(nearest > self.threshold, -1, preds)
        names = [*self.names, UNKNOWN]
        return Prediction([names[k] for k in preds.tolist()], preds, nearest, second - nearest)

    def fit_covariance(self, embeddings: Float[Tensor, "sample dim"], target: Int[Tensor, " sample"]) -> None:
        """Take R_w for "mahalanobis" from embeddings of known classes: trained on, enrolled, or both."""
        self.covariance = within_class_covariance(self._embeddings(embeddings), target.cpu())

    def fit_threshold(self, inputs: Tensor, names: Sequence[str], false_rejection_rate: float) -> float:
        """Set and return a threshold by `conformal_threshold`, from distances to the own name's centroid.

        Of further images like these at most `false_rejection_rate` are rejected, on average over such sets
        of n, or 1/(n + 1) where the rate is less. Take images that were not enrolled: those are nearer to the
        mean that they are part of.

        Raises:
            ValueError: a name that is not enrolled, no images, or a rate outside [0, 1).
        """
        if not 0 <= false_rejection_rate < 1:
            raise ValueError(f"false_rejection_rate must be in [0, 1), got {false_rejection_rate}")
        embeddings, own = self._embeddings(inputs), torch.tensor(self._positions(names))
        if len(own) != len(embeddings) or not len(own):
            raise ValueError(f"names must be one for each of the {len(embeddings)} images, got {len(own)}")
        centroids = self.centroids
        distances = [
            self._distances(embeddings[own == k], centroids[k, None]) for k in torch.unique(own).tolist()
        ]
        alpha = promised(false_rejection_rate, len(own))
        self.threshold = conformal_threshold(torch.cat(distances)[:, 0].numpy(), alpha).value
        return self.threshold

    def save(self, path: str | Path, checkpoint: str | None = None, embedding_dim: int | None = None) -> None:
        """Write all but `embed` into a gallery file, which is whole or not there.

        Args:
            path: where to write the file.
            checkpoint: the digest of the network that made the embeddings, which `load` then asks for.
            embedding_dim: N, to keep a threshold where nothing is enrolled.

        Raises:
            ValueError: nothing is enrolled, and no N is given.
        """
        sums = self._sums.values()
        if not sums and embedding_dim is None:
            raise ValueError("no name is enrolled")
        write_gallery(path, {
            "checkpoint": checkpoint,
            "embedding_dim": self.centroids.shape[1] if sums else embedding_dim,
            "names": self.names,
            "counts": self.counts,
            "sums": torch.stack(list(sums)) if sums else torch.zeros(0, embedding_dim or 0).double(),
            "distance": self.distance,
            "threshold": self.threshold,
            "covariance": self.covariance,
            "shrinkage": self.shrinkage,
        })  # fmt: skip

    @classmethod
    def load(
        cls,
        path: str | Path,
        embed: Callable[[Tensor], Any] | None = None,
        checkpoint: str | None = None,
    ) -> Self:
        """Return the classifier that `save` wrote; nothing in the file is run.

        Raises:
            UserError: a file that cannot be read so, holds anything but a gallery, or, where `checkpoint` is
                given, one whose embeddings another network made.
        """
        content = read_gallery(path)
        if checkpoint is not None and content.get("checkpoint") != checkpoint:
            raise UserError(f"{path}: was made with another checkpoint; remove it and enrol again")
        options = {key: content[key] for key in ("distance", "threshold", "covariance", "shrinkage")}
        found = cls(embed, **options)
        found._sums = dict(zip(content["names"], content["sums"], strict=True))
        found._counts = dict(zip(content["names"], content["counts"], strict=True))
        return found

    def _positions(self, names: Sequence[str]) -> list[int]:
        positions = {name: k for k, name in enumerate(self._sums)}
        if strangers := sorted(set(names) - set(positions)):
            raise ValueError(f"not enrolled: {', '.join(map(str, strangers[:5]))}")
        return [positions[name] for name in names]

    def _embeddings(self, inputs: Tensor) -> Tensor:
        known = [*self._sums.values(), *([] if self.covariance is None else self.covariance)]
        return input_embeddings(inputs, self.embed, len(known[0]) if known else None)

    def _distances(self, embeddings: Tensor, centroids: Tensor) -> Tensor:
        return centroid_distances(embeddings, centroids, self.distance, self.covariance, self.shrinkage)


def _two_nearest(distances: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return index of the nearest, its distance and the second distance, of each row."""
    nearest, index = distances.min(1)
    others = distances.scatter(1, index[:, None], torch.inf)
    return index, nearest, others.min(1).values
