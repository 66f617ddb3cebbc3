"""A sample of embedded images, as trackers show it."""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float, Int, UInt8
from torch import Tensor


@dataclass(frozen=True)
class Sample:
    """M embedded images with what is known of each, all on the CPU.

    Attributes:
        index: positions in the official part, M.
        images: thumbnails, M x C x H x W.
        embeddings: M x N.
        target: classes, M.
        preds: classes of the highest score, M.
        distances: Euclidean distances to the K centroids, M x K.
        class_names: K names.
    """

    index: Int[Tensor, " sample"]
    images: UInt8[Tensor, "sample channel height width"]
    embeddings: Float[Tensor, "sample dim"]
    target: Int[Tensor, " sample"]
    preds: Int[Tensor, " sample"]
    distances: Float[Tensor, "sample classes"]
    class_names: Sequence[str]

    columns = ("index", "target", "pred", "nearest_centroid", "right", "distance_own", "distance_other")

    def rows(self) -> list[list[str | int | float | bool]]:
        """Return a row per image: `distance_own` to its class's centroid, `distance_other` to the next."""
        own = self.distances.gather(1, self.target[:, None])
        others = self.distances.scatter(1, self.target[:, None], float("inf")).amin(1)
        names = self.class_names
        per_image = zip(
            self.index.tolist(), self.target.tolist(), self.preds.tolist(),
            self.distances.argmin(1).tolist(), own.squeeze(1).tolist(), others.tolist(), strict=True,
        )  # fmt: skip
        return [[i, names[y], names[p], names[c], y == p, a, b] for i, y, p, c, a, b in per_image]
