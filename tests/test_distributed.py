"""Two processes that train together against one on the joined batches: equal parameters, centroids, metrics.

In float64, without batch normalisation and dropout: both depend on how a batch is divided.
"""

import functools
import importlib.util
import os
import socket
from pathlib import Path

import lightning as L
import numpy as np
import pytest
import torch
from torch import nn

from icv_lightning.callbacks import EmbeddingSnapshot, LastCheckpoint
from icv_lightning.centroids import BatchMeanCentroids, LearnedCentroids, OneByOneCentroids
from icv_lightning.data import DigitsDataModule
from icv_lightning.data.images import BatchShares, ClassBalancedEachEpoch, InMemoryImages
from icv_lightning.errors import UserError
from icv_lightning.losses import CombinedLoss, DiscriminantLoss, MetricLearningLoss
from icv_lightning.module import ClassifierModule
from icv_lightning.nets import LinearScores
from icv_lightning.optimizers import AdamWithSparseRows
from tests.conftest import once

N, BATCH, SIZE = 3, 61, 19 * 61 + 7  # 20 steps an epoch, shares of 30 and 31 images, the last of 3 and 4

ADAM = functools.partial(torch.optim.Adam, lr=0.01)
SPARSE_ADAM = functools.partial(AdamWithSparseRows, lr=0.01)
LEARNED = functools.partial(LearnedCentroids, 10, N)
COMBINED = functools.partial(CombinedLoss, 0.5)


def metric_learning(name: str, weight: float = 0.0) -> functools.partial:
    return functools.partial(MetricLearningLoss, name, 10, N, weight)


CASES = {
    "learned": (LEARNED, COMBINED, ADAM),
    "lambda 0": (LEARNED, functools.partial(CombinedLoss, 0.0), ADAM),
    "class means": (functools.partial(LEARNED, init="class_means"), COMBINED, ADAM),
    "sparse": (functools.partial(LEARNED, sparse=True), COMBINED, SPARSE_ADAM),
    "batch mean": (functools.partial(BatchMeanCentroids, 10, N), COMBINED, ADAM),
    "wen": (functools.partial(BatchMeanCentroids, 10, N, step="wen", init="class_means"), COMBINED, ADAM),
    "one by one": (functools.partial(OneByOneCentroids, 10, N), COMBINED, ADAM),
    "discriminant": (LEARNED, functools.partial(DiscriminantLoss, 0.5, N, max_total_variance=0.16), ADAM),
    "triplet": (LEARNED, metric_learning("triplet"), ADAM),
    "supcon": (LEARNED, metric_learning("supcon"), ADAM),
    "arcface": (LEARNED, metric_learning("arcface", 0.5), ADAM),
    "proxy anchor": (LEARNED, metric_learning("proxy_anchor"), ADAM),
}  # fmt: skip
EPOCHS = {"triplet": 1}
COARSE = {"triplet": 1e-6}  # the library's distances, expanded products, hold 1e-8 near 0
LIBRARY, OF_LIBRARY = "pytorch_metric_learning", ("triplet", "supcon", "arcface", "proxy anchor")


class Embedding(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, N))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layers(images.to(self.layers[1].weight.dtype) / 16)


def trained(case: str, folder: Path, devices: int, epochs: int = 2, start: Path | None = None) -> dict:
    """Train on digits; give state, metrics and the first part's files of the run."""
    centroids, loss, optimizer = CASES[case]
    L.seed_everything(1, verbose=False)
    module = ClassifierModule(
        Embedding(), LinearScores(N, 10), centroids(), loss(), optimizer, num_classes=10, embedding_dim=N
    )
    data = DigitsDataModule(
        "digits", 10, channels=1, image_size=8, batch_size=BATCH, eval_batch_size=70, train_size=SIZE,
        monitor_size=500,
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    trainer = L.Trainer(
        max_epochs=epochs, accelerator="cpu", devices=devices, precision="64-true", logger=False,
        strategy="ddp" if devices > 1 else "auto", default_root_dir=folder, num_sanity_val_steps=0,
        callbacks=[LastCheckpoint(), EmbeddingSnapshot()], enable_progress_bar=False,
        enable_model_summary=False, use_distributed_sampler=False,
    )  # fmt: skip
    module.double()  # before a checkpoint is read
    trainer.fit(module, datamodule=data, ckpt_path=start, weights_only=True)
    metrics = dict(trainer.callback_metrics)
    trainer.test(module, datamodule=data, verbose=False)
    steps = {"steps": trainer.global_step}
    confusion = {"confusion": torch.tensor(module.measured()["confusion"])}
    return {"state": module.state_dict(), "metrics": metrics | trainer.callback_metrics | confusion, **steps}


def work(rank: int, folder: Path, port: int, cases: list[str]) -> None:
    os.environ |= {"LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    torch.set_num_threads(1)
    for case in cases:
        torch.save(trained(case, folder / "two" / case, 2, EPOCHS.get(case, 2)), folder / f"{case} {rank}.pt")
        if (alone := folder / "first half" / case / "checkpoints" / "last.ckpt").exists():
            found = trained(case, folder / "two went on" / case, 2, start=alone)
            torch.save(found, folder / f"{case} went on {rank}.pt")
    torch.distributed.destroy_process_group()


WENT_ON = ("sparse", "one by one")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "processes", train_all)


def train_all(folder: Path) -> None:
    """Train every case in one process and in two."""
    cases = [case for case in CASES if case not in OF_LIBRARY or importlib.util.find_spec(LIBRARY)]
    for case in cases:
        torch.save(trained(case, folder / "one" / case, 1, EPOCHS.get(case, 2)), folder / f"{case}.pt")
    for case in WENT_ON:
        trained(case, folder / "first half" / case, 1, epochs=1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torch.multiprocessing.spawn(work, args=(folder, port, cases), nprocs=2)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_two_processes_train_as_one_does(runs: Path, case: str) -> None:
    if case in OF_LIBRARY:
        pytest.importorskip(LIBRARY)
    one, *two = (torch.load(runs / f"{case}{rank}.pt") for rank in ("", " 0", " 1"))
    assert one["steps"] == two[0]["steps"] == 20 * EPOCHS.get(case, 2)
    for found in two:
        assert_equal(found, one, COARSE.get(case, 1e-9))


def assert_equal(found: dict, expected: dict, atol: float) -> None:
    for key, value in expected["state"].items():
        torch.testing.assert_close(found["state"][key], value, rtol=0, atol=atol, msg=key)
    for key, value in expected["metrics"].items():
        rough = any(part in key for part in ("nc", "_pc"))  # of eigenvalues and of small differences
        rtol = 1e3 * atol if rough else atol
        torch.testing.assert_close(found["metrics"][key], value, rtol=rtol, atol=1e2 * atol, msg=key)
    for key in ("test/acc", "test/acc_nearest_centroid", "test/acc_nearest_class_mean", "confusion"):
        assert torch.equal(found["metrics"][key], expected["metrics"][key]), key


@pytest.mark.slow
def test_a_snapshot_holds_all_images_in_order(runs: Path) -> None:
    one, two = (
        np.load(runs / folder / "learned" / "embeddings" / "epoch_002.npz") for folder in ("one", "two")
    )
    assert one.files == two.files
    for key in one.files:
        np.testing.assert_allclose(two[key], one[key], rtol=0, atol=1e-5, err_msg=key)
    assert one["test_embeddings"].shape == (360, N)


@pytest.mark.slow
@pytest.mark.parametrize("case", WENT_ON)
def test_a_checkpoint_of_one_process_goes_on_in_two_and_back(runs: Path, case: str, tmp_path: Path) -> None:
    whole = torch.load(runs / f"{case}.pt")
    assert_equal(torch.load(runs / f"{case} went on 1.pt"), whole, 1e-9)
    of_two = runs / "two" / case / "checkpoints" / "last.ckpt"
    longer = trained(case, tmp_path / "longer", 1, epochs=3, start=of_two)
    assert_equal(longer, trained(case, tmp_path / "alone", 1, epochs=3), 1e-9)


def digits(size: int = SIZE) -> InMemoryImages:
    data = DigitsDataModule("digits", 10, channels=1, image_size=8, train_size=size)
    data.setup()
    return data.train_part


def test_shares_of_a_batch_join_to_it_and_hold_classes_of_their_own() -> None:
    order = range(SIZE)
    whole, *two = (list(BatchShares(order, BATCH, *place)) for place in ((0, 1), (0, 2), (1, 2)))
    assert [a + b for a, b in zip(*two, strict=True)] == whole
    assert [len(share[0]) for share in two] == [30, 31]
    assert [len(share[-1]) for share in two] == [3, 4]
    target = digits().target
    alone = [set(target[b].tolist()) - set(target[a].tolist()) for a, b in zip(*two, strict=True)]
    assert any(alone)  # classes on rank 1 alone, which the runs of this file meet too


@pytest.mark.parametrize(
    ("size", "world", "batches"), [(9, 1, 2), (10, 1, 3), (11, 2, 2), (12, 2, 3), (4, 2, 1)]
)
def test_a_last_batch_too_small_for_all_is_left_out(size: int, world: int, batches: int) -> None:
    shares = [BatchShares(range(size), 4, rank, world) for rank in range(world)]
    assert [len(share) for share in shares] == [batches] * world
    assert all(len(batch) >= 2 for share in shares for batch in share)
    assert [len(list(share)) for share in shares] == [batches] * world


def test_shares_follow_the_epoch_of_a_class_balanced_order() -> None:
    part = digits()
    order = ClassBalancedEachEpoch(part, seed=0, batch_size=20, per_class=2)
    shares = [BatchShares(order, 20, rank, 2) for rank in range(2)]
    first = [next(iter(share)) for share in shares]
    assert len(set(part.target[first[0] + first[1]].tolist())) == 10
    order.set_epoch(1)
    assert [next(iter(share)) for share in shares] != first


def test_a_batch_too_small_for_the_processes_is_refused() -> None:
    with pytest.raises(UserError, match=r"data.batch_size=5: must be at least 6, .* 3 processes"):
        BatchShares(range(100), 5, 0, 3)


@pytest.mark.parametrize(
    ("size", "eval_batch", "cut"), [(360, 70, 210), (360, 2000, 180), (71, 70, 70), (3, 1, 1)]
)
def test_evaluated_parts_divide_into_whole_batches_where_there_are_enough(
    size: int, eval_batch: int, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = InMemoryImages(torch.zeros(size, 1, 8, 8, dtype=torch.uint8), torch.arange(size))
    found = []
    for rank in range(2):
        data = DigitsDataModule("digits", 10, channels=1, image_size=8, eval_batch_size=eval_batch)
        monkeypatch.setattr(DigitsDataModule, "_place", lambda self, rank=rank: (rank, 2))
        found.append(torch.cat([target for _, target in data._evaluated(part)]).tolist())
    assert found == [list(range(cut)), list(range(cut, size))]
