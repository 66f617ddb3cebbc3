"""NC4 of neural collapse: whether the paper's two ways of classifying (tables 1 and 2) say the same."""

from jaxtyping import Float
from torch import Tensor

from icv_lightning.metrics.accuracy import Accuracy, nearest_centroid
from icv_lightning.shapes import check_batch


class Agreement(Accuracy):
    """Fraction of embeddings whose highest score is that of their nearest class mean, right or wrong.

    Papyan, Han and Donoho 2020 plot 1 minus this.
    """

    def update(
        self,
        embeddings: Float[Tensor, "batch dim"],
        logits: Float[Tensor, "batch classes"],
        class_means: Float[Tensor, "classes dim"],
    ) -> None:
        """Count a batch; raise `ValueError` for shapes that do not fit (`check_batch`)."""
        preds = logits.argmax(1) if logits.ndim == 2 else logits
        check_batch(preds, embeddings, logits, class_means)
        self._count(preds, nearest_centroid(embeddings, class_means))
