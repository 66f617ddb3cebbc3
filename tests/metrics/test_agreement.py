import pytest
import torch

from icv_lightning.metrics import Agreement


def test_counts_where_highest_score_and_nearest_class_mean_say_the_same():
    metric = Agreement()
    means = torch.tensor([[0.0], [1.0], [torch.nan]])
    metric.update(
        torch.tensor([[0.1], [0.9]]), torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), class_means=means
    )
    metric.update(torch.tensor([[0.2]]), torch.tensor([[0.0, 1.0, 0.0]]), class_means=means)
    metric.update(torch.tensor([[0.7]]), torch.tensor([[0.0, 1.0, 0.0]]), class_means=means)
    assert metric.compute() == 0.5


@pytest.mark.parametrize(
    ("logits", "embeddings", "means", "message"),
    [
        ((3,), (3, 2), (4, 2), r"logits must have shape \(B, K\), got \(3,\)"),
        ((3, 4), (2, 2), (4, 2), r"target must have shape \(2,\), got \(3,\)"),
        ((3, 4), (3, 2), (4, 5), "must share N"),
    ],
)
def test_shapes_that_do_not_fit(logits, embeddings, means, message):
    with pytest.raises(ValueError, match=message):
        Agreement().update(torch.zeros(embeddings), torch.zeros(logits), torch.zeros(means))
