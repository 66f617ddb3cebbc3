"""How well each class is recognised: precision, recall and F1 from the confusion matrix."""

from jaxtyping import Float, Int
from torch import Tensor


def class_scores(confusion: Int[Tensor, "classes classes"]) -> dict[str, Float[Tensor, " classes"]]:
    """Return `precision`, `recall` and `f1` of each class, float64, and its `count` of samples.

    Rows of the confusion matrix are true classes. Recall is NaN for a class without samples, precision for
    one that was never predicted, F1 for one with neither. Means over the classes that have a value are the
    macro averages (scikit-learn's `balanced_accuracy_score`, `f1_score(average="macro")`).
    """
    hits, true, predicted = confusion.diag().double(), confusion.sum(1), confusion.sum(0)
    return {
        "precision": hits / predicted,
        "recall": hits / true,
        "f1": 2 * hits / (true + predicted),
        "count": true,
    }
