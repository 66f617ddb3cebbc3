"""All that is measured on one part of the data: loss terms, accuracies, variances, confusion."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torchmetrics.classification import MulticlassConfusionMatrix

from icv_lightning.metrics.accuracy import HighestScoreAccuracy, NearestCentroidAccuracy
from icv_lightning.metrics.class_variance import ClassVariance
from icv_lightning.metrics.term_means import TermMeans

CONFUSION_LIMIT = 1000  # classes; beyond it a K x K matrix is neither readable nor small


class Evaluation(nn.Module):
    """The metrics of one part, under the names that are logged.

    Args:
        num_classes: K.
        embedding_dim: N.
        terms: names of the loss terms.
    """

    def __init__(self, num_classes: int, embedding_dim: int, terms: Sequence[str]) -> None:
        super().__init__()
        self.has_confusion = num_classes <= CONFUSION_LIMIT
        self.loss_terms = TermMeans(terms)
        self.acc = HighestScoreAccuracy()
        self.acc_nearest_centroid = NearestCentroidAccuracy()
        self.acc_nearest_class_mean = NearestCentroidAccuracy()
        self.variance = ClassVariance(num_classes, embedding_dim)
        self.confusion = MulticlassConfusionMatrix(min(num_classes, CONFUSION_LIMIT))

    def reset(self) -> None:
        """Forget everything."""
        for metric in self.children():
            metric.reset()  # type: ignore[operator]

    def update(
        self,
        outputs: tuple[Tensor, Tensor],
        target: Tensor,
        terms: Mapping[str, Tensor],
        centroids: Tensor,
        class_means: Tensor | None = None,
    ) -> None:
        """Count a batch of (embeddings, logits); without `class_means` that accuracy is left alone."""
        embeddings, logits = outputs
        self.loss_terms.update(terms, len(target))
        self.acc.update(logits, target)
        self.acc_nearest_centroid.update(embeddings, centroids, target)
        self.variance.update(embeddings, target)
        if class_means is not None:
            self.acc_nearest_class_mean.update(embeddings, class_means, target)
        if self.has_confusion:
            self.confusion.update(logits, target)

    def compute(self) -> dict[str, Tensor]:
        """Return the scalars by name."""
        variance = self.variance.compute()
        return {
            **self.loss_terms.compute(),
            "acc": self.acc.compute(),
            "acc_nearest_centroid": self.acc_nearest_centroid.compute(),
            "acc_nearest_class_mean": self.acc_nearest_class_mean.compute(),
            "var_within": variance["var_within"],
            "var_between": variance["var_between"],
        }

    def class_means(self) -> Tensor:
        """Return the K x N means of the embeddings seen, float32, NaN for a class never seen."""
        return self.variance.compute()["class_means"].to(torch.float32)
