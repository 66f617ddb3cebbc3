"""The trainer of a run."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from icv_lightning.centroids import LearnedCentroids
from icv_lightning.losses import CombinedLoss
from icv_lightning.module import ClassifierModule
from icv_lightning.nets import ConvNet, LinearScores
from icv_lightning.run.trainer import share_batch_norm


@pytest.mark.parametrize(("kind", "layer"), [("cuda", nn.SyncBatchNorm), ("cpu", nn.BatchNorm2d)])
def test_batch_normalisation_is_shared_on_gpus_alone(
    kind: str, layer: type, caplog: pytest.LogCaptureFixture
) -> None:
    module = ClassifierModule(
        ConvNet(1, 8, 2, widths=[4, 4], hidden=16), LinearScores(2, 10), LearnedCentroids(10, 2),
        CombinedLoss(0.5), None, 10, 2,
    )  # fmt: skip
    before = module.state_dict()
    trainer = SimpleNamespace(
        world_size=2, is_global_zero=True, strategy=SimpleNamespace(root_device=torch.device(kind))
    )
    share_batch_norm(trainer, module)
    assert any(type(found) is layer for found in module.net.modules())
    assert list(module.state_dict()) == list(before)  # checkpoints fit both ways
    assert [text for text in caplog.messages if "each process's share" in text] == caplog.messages
    assert len(caplog.messages) == (kind == "cpu")
