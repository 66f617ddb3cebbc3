"""Sums keep their precision whatever the module around a metric is converted to."""

import pytest
import torch

from icv_lightning.metrics import Evaluation, HighestScoreAccuracy, TermMeans


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_sums_of_metrics_keep_their_precision_in_a_converted_module(dtype: torch.dtype) -> None:
    """Lightning's `bf16-true` converts the module and all that is in it."""
    outputs = torch.randn(1000, 3, generator=torch.Generator().manual_seed(0)), torch.randn(1000, 5)
    target = torch.arange(1000) % 5
    found = []
    for converted in (False, True):
        evaluation = Evaluation(5, 3, ("loss",))
        evaluation = evaluation.to(dtype) if converted else evaluation
        for part in torch.arange(1000).split(300):
            batch = outputs[0][part], outputs[1][part]
            evaluation.update(
                batch, target[part], {"loss": batch[0].mean()}, torch.zeros(5, 3), torch.eye(5, 3)
            )
        found.append(evaluation.compute())
    assert found[0].keys() == found[1].keys()
    for key, value in found[0].items():
        assert torch.equal(found[1][key], value), key


def test_set_dtype_converts_as_ever() -> None:
    means = TermMeans(("loss",)).set_dtype(torch.float32)
    means.update({"loss": torch.tensor(0.1)}, 3)
    assert means.sums.dtype == torch.float32


def test_a_device_is_taken_over() -> None:
    """The meta device stands for an accelerator."""
    accuracy = HighestScoreAccuracy().to("meta")
    assert accuracy.correct.device.type == "meta"
    assert accuracy.correct.dtype == torch.int64
