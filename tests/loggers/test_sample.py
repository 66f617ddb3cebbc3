"""A sample's rows, worked out by hand."""

import torch

from icv_lightning.loggers import Sample


def test_rows_by_hand() -> None:
    sample = Sample(
        index=torch.tensor([4, 7]), images=torch.zeros(2, 1, 2, 2, dtype=torch.uint8),
        embeddings=torch.zeros(2, 2), target=torch.tensor([0, 2]), preds=torch.tensor([0, 1]),
        distances=torch.tensor([[1.0, 2.0, 3.0], [6.0, 4.0, 5.0]]), class_names=["a", "b", "c"],
    )  # fmt: skip
    assert sample.rows() == [
        [4, "a", "a", "a", True, 1.0, 2.0],  # own centroid 1 away, the next 2
        [7, "c", "b", "b", False, 5.0, 4.0],  # the centroid of b is nearer than its own
    ]
    assert all(len(row) == len(sample.columns) for row in sample.rows())


def test_one_class_alone_has_no_other_centroid() -> None:
    one = torch.zeros(1, dtype=torch.int64)
    images = torch.zeros(1, 1, 1, 1, dtype=torch.uint8)
    sample = Sample(one, images, torch.zeros(1, 1), one, one, torch.ones(1, 1), ["a"])
    assert sample.rows() == [[0, "a", "a", "a", True, 1.0, float("inf")]]
