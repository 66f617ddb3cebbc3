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
