"""Adam and SparseAdam in one: equal to Adam where all classes are in every batch, else as it says."""

import copy

import pytest
import torch
from torch import nn

from icv_lightning import load_checkpoint
from icv_lightning.callbacks import LastCheckpoint
from icv_lightning.centroids import LearnedCentroids, SparseRows
from icv_lightning.losses import CombinedLoss, intra_class_variance
from icv_lightning.optimizers import AdamWithSparseRows
from tests.conftest import cells

K, N = 6, 3


class Model(nn.Module):
    """A linear network, head and centroids; equal starts, sparse or not."""

    def __init__(self, sparse: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.net, self.head = nn.Linear(5, N), nn.Linear(N, K)
        self.centroids = LearnedCentroids(K, N, init="normal", sparse=sparse)

    def loss(self, step: int, classes: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(step)
        embeddings = self.net(torch.randn(4 * classes, 5, generator=generator).to(self.net.weight.dtype))
        target = torch.arange(4 * classes) % classes
        return CombinedLoss(0.5)(self.head(embeddings), embeddings, self.centroids(), target)["loss"]


def trained(model: Model, optimizer: torch.optim.Optimizer, steps: range, classes: int = K) -> Model:
    for step in steps:
        optimizer.zero_grad()
        model.loss(step, classes).backward()
        optimizer.step()
    return model


def sparse_adam(model: Model, lr: float = 0.01) -> AdamWithSparseRows:
    others = [*model.net.parameters(), *model.head.parameters()]
    return AdamWithSparseRows([{"params": others}, {"params": list(model.centroids.parameters())}], lr=lr)


def test_the_gradient_holds_the_rows_of_the_batch_alone():
    embeddings, target = torch.randn(5, N), torch.tensor([4, 1, 4, 4, 1])
    sparse, dense = LearnedCentroids(K, N, sparse=True), LearnedCentroids(K, N)
    for centroids in (sparse, dense):
        intra_class_variance(embeddings, centroids(), target).backward()
    found = sparse.weight.grad.coalesce()
    assert found.indices().flatten().tolist() == [1, 4]
    assert torch.allclose(found.to_dense(), dense.weight.grad)
    assert not dense.weight.grad.is_sparse


def test_dense_adam_where_every_class_is_in_every_batch():
    dense, sparse = Model(sparse=False).double(), Model(sparse=True).double()
    trained(dense, torch.optim.Adam(dense.parameters(), lr=0.001), range(20))
    trained(sparse, sparse_adam(sparse, lr=0.001), range(20))
    for one, other in zip(dense.parameters(), sparse.parameters(), strict=True):
        torch.testing.assert_close(one.data, other.data, rtol=0, atol=1e-6)


def test_absent_classes_and_their_moments_stay_where_dense_adam_goes_on():
    dense, sparse = Model(sparse=False), Model(sparse=True)
    adam, own = torch.optim.Adam(dense.parameters(), lr=0.01), sparse_adam(sparse)
    trained(dense, adam, range(5))
    trained(sparse, own, range(5))
    before = [copy.deepcopy(m.centroids.weight.data[3:]) for m in (dense, sparse)]
    moments = own.state[sparse.centroids.weight]["exp_avg"][3:].clone()
    trained(dense, adam, range(5, 8), classes=3)
    trained(sparse, own, range(5, 8), classes=3)
    assert torch.equal(sparse.centroids.weight[3:], before[1])
    assert torch.equal(own.state[sparse.centroids.weight]["exp_avg"][3:], moments)
    assert (dense.centroids.weight[3:] != before[0]).all()
    decayed = adam.state[dense.centroids.weight]["exp_avg"][3:]
    torch.testing.assert_close(decayed, 0.9**3 * moments, rtol=1e-4, atol=1e-7)


def test_a_loaded_state_goes_on_bit_for_bit():
    whole = Model(sparse=True)
    trained(whole, sparse_adam(whole), range(8), classes=4)
    first = Model(sparse=True)
    optimizer = sparse_adam(first)
    trained(first, optimizer, range(4), classes=4)
    state = copy.deepcopy(optimizer.state_dict())
    second = Model(sparse=True)
    second.load_state_dict(first.state_dict())
    optimizer = sparse_adam(second)
    optimizer.load_state_dict(state)
    trained(second, optimizer, range(4, 8), classes=4)
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), second.parameters(), strict=True))


def test_a_scheduler_moves_both_rates():
    model = Model(sparse=True)
    optimizer = sparse_adam(model, lr=0.5)
    torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.0)
    before = copy.deepcopy(list(model.parameters()))
    trained(model, optimizer, range(2))
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_a_group_of_both_kinds_is_split_and_keeps_its_options():
    model = Model(sparse=True)
    optimizer = AdamWithSparseRows([{"params": model.parameters(), "lr": 0.25}])
    assert [(g["sparse"], len(g["params"]), g["lr"]) for g in optimizer.param_groups] == [
        (False, 4, 0.25),
        (True, 1, 0.25),
    ]
    trained(model, AdamWithSparseRows(model.parameters()), range(1))


@pytest.mark.parametrize("module", [nn.Linear(2, 2), LearnedCentroids(K, N, sparse=True)])
def test_one_kind_alone(module):
    optimizer = AdamWithSparseRows(module.parameters())
    module.zero_grad()
    target = torch.arange(2)
    inputs = module(torch.ones(2, 2)) if isinstance(module, nn.Linear) else torch.ones(2, N)
    centroids = module() if isinstance(module, LearnedCentroids) else torch.zeros(2, 2)
    before = copy.deepcopy(list(module.parameters()))
    intra_class_variance(inputs, centroids, target).backward()
    optimizer.step()
    assert not all(torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True))


def test_weight_decay_reaches_ordinary_parameters_alone():
    model = Model(sparse=True)
    optimizer = AdamWithSparseRows(model.parameters(), weight_decay=0.1)
    assert {g["sparse"]: g.get("weight_decay") for g in optimizer.param_groups} == {False: 0.1, True: None}


def test_the_closure_is_called_with_gradients():
    model = Model(sparse=True)

    def closure() -> torch.Tensor:
        loss = model.loss(0, K)
        loss.backward()
        return loss

    expected, before = model.loss(0, K).item(), copy.deepcopy(list(model.parameters()))
    assert sparse_adam(model).step(closure).item() == expected
    assert not any(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_copies_and_moves_stay_sparse():
    centroids = copy.deepcopy(LearnedCentroids(K, N, sparse=True)).to(torch.float64)
    assert isinstance(centroids.weight, SparseRows)
    assert centroids().dtype == torch.float64


def test_an_interrupted_sparse_run_of_balanced_batches_ends_like_an_undisturbed_one(
    main, tmp_path, monkeypatch
):
    settings = (
        "optimizer=sparse_adam", "centroids.layer.sparse=true", "data.per_class=16", "trainer.max_epochs=2",
    )  # fmt: skip
    assert main(*settings, "paths.outputs=whole") == 0
    written = LastCheckpoint.on_train_epoch_end

    def interrupt(self, trainer, module):
        written(self, trainer, module)
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(LastCheckpoint, "on_train_epoch_end", interrupt)
        assert main(*settings, "paths.outputs=cut") == 1
    assert main(*settings, "paths.outputs=cut") == 0
    (whole,), (resumed,) = cells(tmp_path / "whole"), cells(tmp_path / "cut")
    one, other = (torch.load(f / "checkpoints" / "last.ckpt", weights_only=True) for f in (whole, resumed))
    assert all(torch.equal(v, other["state_dict"][k]) for k, v in one["state_dict"].items())
    assert isinstance(load_checkpoint(resumed / "checkpoints" / "last.ckpt").centroids.weight, SparseRows)
    assert (whole / "metrics.csv").read_bytes() == (resumed / "metrics.csv").read_bytes()


def test_dense_adam_with_sparse_centroids_is_refused(main, tmp_path, capsys):
    assert main("centroids.layer.sparse=true") == 2
    assert "centroids.layer.sparse=true: this optimizer takes no sparse gradients" in capsys.readouterr().err
    assert not (tmp_path / "outputs").exists()
