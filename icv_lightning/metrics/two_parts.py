"""One evaluation: a fixed part of train, whose class means serve the watched part that follows."""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from icv_lightning.distributed import processes
from icv_lightning.metrics.evaluated import EvaluatedBatches
from icv_lightning.metrics.evaluation import Evaluation
from icv_lightning.metrics.on_host import on_host
from icv_lightning.metrics.retrieval import Retrieval


class TwoPartEvaluation(nn.Module):
    """The metrics of the fixed part of train (part 0) and of validation or test (part 1), in this order.

    After an epoch the rows of both are kept for whoever asks, and the first is compared with its own class
    means too. In the final test it is the whole training part, of which only the metrics stay, and retrieval
    is measured in the other. Arguments are those of `Evaluation`.

    Attributes:
        fixed, watched: the metrics of each.
        class_means: K x N, of the fixed part, once the watched part has begun.
    """

    def __init__(self, num_classes: int, embedding_dim: int, terms: Sequence[str]) -> None:
        super().__init__()
        self.fixed = Evaluation(num_classes, embedding_dim, terms)
        self.watched = Evaluation(num_classes, embedding_dim, terms)
        self.retrieval = Retrieval()
        self._batches = EvaluatedBatches()
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        for metrics in (self.fixed, self.watched, self.retrieval):
            metrics.reset()
        self.class_means: Tensor | None = None
        self._uncompared: list[tuple[tuple[Tensor, Tensor], Tensor]] = []
        self.forget_rows()

    def forget_rows(self) -> None:
        """Free the memory of the rows."""
        self._batches.reset()

    def update(
        self,
        part: int,
        outputs: tuple[Tensor, Tensor],
        target: Tensor,
        terms: Mapping[str, Tensor],
        centroids: Tensor,
        final: bool,
    ) -> None:
        """Measure a batch of (embeddings, logits); `final` in the final test."""
        if part == 0:
            self.fixed.update(outputs, target, terms, centroids)
            if final:
                return
            self._uncompared.append((outputs, target))
        else:
            if self.class_means is None:
                self.class_means = self.fixed.class_means()
            self.watched.update(outputs, target, terms, centroids, self.class_means)
            if final:
                self.retrieval.update(outputs[0], target)
        self._batches.add(part, {"embeddings": outputs[0], "preds": outputs[1].argmax(1), "target": target})

    def rows(self) -> dict[str, Tensor]:
        """Return `train_…` and `watched_…` rows of `embeddings`, `preds`, `target`, and the `class_means`."""
        return self._batches.rows() | {"class_means": self._means()}

    def on_host(self, values: Mapping[str, Tensor], weight: Tensor | None) -> dict[str, Tensor]:
        """Return `values` and the scores' `weight` (K x N) on the host after one wait; metrics move too.

        Several processes exchange their metrics on the device; many classes would take longer to copy. There
        metrics and weight stay.
        """
        for outputs, target in self._uncompared:
            self.fixed.compare(outputs, target, self._means())
        self._uncompared = []
        weights = {} if weight is None else {"weight": weight}
        if processes() > 1 or not self.watched.has_confusion:
            return on_host(values) | weights
        return on_host({**values, **weights}, self.fixed, self.watched)

    def _means(self) -> Tensor:
        assert self.class_means is not None, "the fixed part of train is evaluated first"
        return self.class_means
