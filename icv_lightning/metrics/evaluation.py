"""All that is measured on one part of the data: loss terms, accuracies, variances, collapse, confusion."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from icv_lightning.evaluation.neural_collapse import neural_collapse
from icv_lightning.metrics.accuracy import HighestScoreAccuracy, NearestCentroidAccuracy
from icv_lightning.metrics.agreement import Agreement
from icv_lightning.metrics.class_scores import class_scores
from icv_lightning.metrics.class_variance import ClassVariance
from icv_lightning.metrics.confusion import ConfusionMatrix
from icv_lightning.metrics.term_means import TermMeans
from icv_lightning.metrics.within_class_covariance import WithinClassCovariance
from icv_lightning.variability.covariance import explained

CONFUSION_LIMIT = 1000  # classes; beyond it a K x K matrix is neither readable nor small
COVARIANCE_LIMIT = 64  # dimensions; beyond it an N x N matrix a batch is too much for every epoch
COMPONENTS = 2  # principal components of the within-class covariance
OF_COVARIANCE = (*(f"within_pc{i + 1}" for i in range(COMPONENTS)), "nc1", "nc2_norms", "nc2_angles")


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
        self.agreement = Agreement()
        self.variance = ClassVariance(num_classes, embedding_dim)
        self.covariance = (
            WithinClassCovariance(num_classes, embedding_dim)
            if self.has_confusion and embedding_dim <= COVARIANCE_LIMIT
            else None
        )
        self.confusion = ConfusionMatrix(min(num_classes, CONFUSION_LIMIT))

    @property
    def names(self) -> list[str]:
        """Return the names that `compute` gives, but for `nc3`, which needs linear scores."""
        always = ("acc", "acc_nearest_centroid", "acc_nearest_class_mean")
        spread = ("var_within", "var_between", "var_ratio", "nc4")
        macro = ("acc_macro", "f1_macro") if self.has_confusion else ()
        shape = () if self.covariance is None else OF_COVARIANCE
        return [*self.loss_terms.terms, *always, *spread, *macro, *shape]

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
        """Count a batch of (embeddings, logits); without `class_means`, `compare` is left for later."""
        embeddings, logits = outputs
        self.loss_terms.update(terms, len(target))
        self.acc.update(logits, target)
        self.acc_nearest_centroid.update(embeddings, centroids, target)
        self.variance.update(embeddings, target)
        if self.covariance is not None:
            self.covariance.update(embeddings, target)
        if class_means is not None:
            self.compare(outputs, target, class_means)
        if self.has_confusion:
            self.confusion.update(logits, target)

    def compare(self, outputs: tuple[Tensor, Tensor], target: Tensor, class_means: Tensor) -> None:
        """Compare a batch of (embeddings, logits) with class means."""
        embeddings, logits = outputs
        self.acc_nearest_class_mean.update(embeddings, class_means, target)
        self.agreement.update(embeddings, logits, class_means)

    def compute(self, weight: Tensor | None = None) -> dict[str, Tensor]:
        """Return the scalars by name; `weight` (K x N) of linear scores adds `nc3`.

        `within_pc1`, `within_pc2` are shares of var_within along principal components, `nc…` those of
        neural collapse, `nc4` as agreement.
        """
        variance = self.variance.compute()
        return {
            **self.loss_terms.compute(),
            "acc": self.acc.compute(),
            **self._macro(),
            "acc_nearest_centroid": self.acc_nearest_centroid.compute(),
            "acc_nearest_class_mean": self.acc_nearest_class_mean.compute(),
            "var_within": variance["var_within"],
            "var_between": variance["var_between"],
            "var_ratio": variance["var_within"] / variance["var_between"],
            **self._of_covariance(weight),
            "nc4": self.agreement.compute(),
        }

    def _macro(self) -> dict[str, Tensor]:
        if not self.has_confusion:
            return {}
        scores = class_scores(self.confusion.compute())
        return {"acc_macro": scores["recall"].nanmean(), "f1_macro": scores["f1"].nanmean()}

    def _of_covariance(self, weight: Tensor | None) -> dict[str, Tensor]:
        if self.covariance is None:
            return {}
        found = self.covariance.compute()
        dim = found["class_means"].shape[1]
        within, between = (found[key].reshape(dim, dim) for key in ("within", "between"))  # 1 x 1 comes as ()
        shares = explained(within, COMPONENTS)
        return {
            **{f"within_pc{i}": share for i, share in enumerate(shares, start=1)},
            **neural_collapse(found["class_means"], within, between, weight),
        }

    def by_class(self) -> dict[str, Any]:
        """Return `per_class` (recall), `classes` and `confusion` (K x K, row the target), as primitives.

        `classes` has precision, recall, F1 and the number of images of each class. Beyond `CONFUSION_LIMIT`
        classes there is None, nothing and None.
        """
        if not self.has_confusion:
            return {"per_class": None, "classes": {}, "confusion": None}
        confusion = self.confusion.compute()
        classes = {key: values.tolist() for key, values in class_scores(confusion).items()}
        return {"per_class": classes["recall"], "classes": classes, "confusion": confusion.tolist()}

    def class_means(self) -> Tensor:
        """Return the K x N means of the embeddings seen, float32, NaN for a class never seen."""
        return self.variance.compute()["class_means"].to(torch.float32)
