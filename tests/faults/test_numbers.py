"""Numbers at their extremes: a run ends with finite results, or is stopped with the cause in one line."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from icv_lightning.centroids import BatchMeanCentroids, LearnedCentroids, OneByOneCentroids
from icv_lightning.losses import CombinedLoss, DiscriminantLoss
from icv_lightning.metrics import Evaluation
from icv_lightning.module import ClassifierModule
from icv_lightning.nets import LinearScores
from icv_lightning.optimizers import AdamWithSparseRows
from tests.conftest import TINY, results

Main = Callable[..., int]
FAST = (
    "trainer.accelerator=cpu",
    "callbacks.snapshot=null",
    "trainer.max_epochs=1",
)
SPARSE = ("optimizer=sparse_adam", "centroids.layer.sparse=true")

# To completion, with what a warning must say of it, if anything.
COMPLETED = {
    ("loss.lambda=1e-30",): "",
    ("loss.lambda=1e10",): "the λ-term is 100% of the loss",
    ("loss.lambda=1e38",): "did not move in an epoch",
    ("loss=discriminant", "loss.lambda=1e10"): "the λ-term is 100% of the loss",
    ("loss=discriminant", "loss.criterion.max_total_variance=1e-30"): "",
    ("loss=discriminant", "loss.criterion.max_total_variance=1e38"): "",
    (
        "loss=discriminant",
        "loss.criterion.between=1e38",
        "data.image_size=28",
    ): "the λ-term is 100% of the loss",
    ("optimizer.lr=1e-12",): "",
    ("optimizer.lr=10",): "embeddings have grown to a length of",
    ("optimizer.lr=1e6",): "embeddings have grown to a length of",
    ("optimizer.lr=1e6", "centroids=batch_mean"): "embeddings have grown to a length of",
    ("optimizer.lr=1e6", "centroids=one_by_one"): "embeddings have grown to a length of",
    ("optimizer.lr=1e6", "model.normalize=true"): "centroids have grown to a length of",
    ("optimizer.lr=1e6", "loss=discriminant"): "embeddings have grown to a length of",
    ("optimizer.lr=1e6", *SPARSE): "embeddings have grown to a length of",
    ("optimizer.algorithm.weight_decay=1e30",): "",
    ("+trainer.gradient_clip_val=1e-30",): "",
    ("centroids=one_by_one", "centroids.layer.alpha=1"): "",
    ("centroids=one_by_one", "centroids.layer.alpha=1e-12"): "",
    ("centroids=batch_mean", "centroids.layer.alpha=1"): "",
    ("centroids=batch_mean", "centroids.layer.alpha=1e-30"): "",
    ("centroids.layer.init=normal", "centroids.layer.std=1e-30"): "",
    ("data.batch_size=1436",): "",  # the last batch would hold one image
    ("data.batch_size=1435",): "",  # and here two
    ("data.batch_size=2", "data.train_size=21"): "",
    ("data.classes=[3,7]",): "",
    ("data.classes=[3,7]", "loss=discriminant"): "",
    ("model.embedding_dim=1",): "",
    ("model.embedding_dim=1", "model.normalize=true"): "",
    ("model.embedding_dim=1", "loss=discriminant"): "",
    ("model.embedding_dim=4096",): "",
    ("model.embedding_dim=4096", "model.normalize=true", "centroids=batch_mean"): "",
    ("trainer.precision=bf16-mixed", "loss.lambda=1e10"): "the λ-term is 100% of the loss",
    ("trainer.precision=bf16-mixed", "model.embedding_dim=4096"): "",
    ("trainer.precision=bf16-true",): "",
    ("trainer.precision=bf16-true", "centroids=batch_mean"): "",
    ("trainer.precision=bf16-true", "centroids=one_by_one"): "",
    ("trainer.precision=bf16-true", *SPARSE): "",
    ("trainer.precision=bf16-true", "loss=discriminant"): "",
    ("trainer.precision=16-true", "optimizer.algorithm.eps=1e-4"): "",
    ("trainer.precision=64-true",): "",
}
# To a stop, with the term and the first bad step.
STOPPED = {
    ("loss.lambda=3e38",): "loss_ce and loss_var is not finite since step 2",
    ("loss=discriminant", "loss.lambda=3e38"): "not finite since step",
    ("optimizer.lr=1e30",): "loss_ce and loss_var is not finite since step 2",
    ("optimizer.lr=1e38",): "loss_ce and loss_var is not finite since step 2",
    ("optimizer.lr=1e30", "model.normalize=true"): "not finite since step 2",
    ("optimizer.lr=1e30", *SPARSE): "not finite since step 2",
    ("optimizer.lr=1e30", "trainer.precision=bf16-mixed"): "not finite since step 2",
    ("optimizer.lr=1e30", "centroids=one_by_one"): "not finite since step 2",
    ("optimizer.centroid_lr=1e30",): "loss_var is not finite since step 2",
    ("centroids.layer.init=normal", "centroids.layer.std=1e30"): "loss_var is not finite since step 1",
    ("optimizer.algorithm.eps=0", "data.image_size=28"): "not finite since step",
}
LIBRARY = ("triplet", "contrastive", "supcon", "arcface", "proxy_anchor", "normalized_softmax", "cosface")
QUICK = [
    ("loss.lambda=1e38",),
    ("optimizer.lr=1e6",),
    ("model.embedding_dim=1",),
    ("trainer.precision=bf16-true",),
    ("optimizer.lr=1e30",),
]


def cases(table: dict[tuple[str, ...], str]) -> list:
    return [
        pytest.param(*pair, id=" ".join(pair[0]), marks=[] if pair[0] in QUICK else pytest.mark.slow)
        for pair in table.items()
    ]


@pytest.mark.parametrize(("settings", "warning"), cases(COMPLETED))
def test_completes_with_finite_results(
    main: Main, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: tuple[str, ...], warning: str
) -> None:
    assert main("as_is", *TINY, *FAST, *settings) == 0
    found = results(tmp_path)
    assert found["status"] == "completed"
    assert all(value is not None and math.isfinite(value) for value in found["metrics"].values())
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert warning in said


@pytest.mark.parametrize(("settings", "cause"), cases(STOPPED))
def test_stops_with_the_cause(
    main: Main, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: tuple[str, ...], cause: str
) -> None:
    assert main("as_is", *TINY, *FAST, *settings) == 1
    found = results(tmp_path)
    assert found["status"] == "failed"
    assert found["step"] in (1, 2)
    said = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert len(said) == 1
    assert cause in said[0]
    assert "lower optimizer.lr or loss.lambda" in said[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", LIBRARY)
@pytest.mark.parametrize(
    "settings", [("optimizer.lr=1e6",), ("trainer.precision=bf16-true",), ("data.classes=[3,7]",)]
)
def test_metric_learning_losses_complete(
    main: Main, tmp_path: Path, name: str, settings: tuple[str, ...]
) -> None:
    pytest.importorskip("pytorch_metric_learning")
    assert main("as_is", *TINY, *FAST, "loss=metric_learning", f"loss.name={name}", *settings) == 0
    metrics = results(tmp_path)["metrics"]
    assert all(value is not None and math.isfinite(value) for value in metrics.values())


def black_pictures(folder: Path) -> None:
    for part, count in {"train": 6, "test": 2}.items():
        for k in range(2):
            (folder / part / str(k)).mkdir(parents=True)
            for i in range(count):
                Image.fromarray(np.zeros((8, 8), np.uint8)).save(folder / part / str(k) / f"{i}.png")


@pytest.mark.parametrize("normalize", ["true", "false"])
def test_pictures_that_are_all_black(
    main: Main, tmp_path: Path, normalize: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No pixel varies, and all embeddings of a batch are one point: no fault of λ."""
    black_pictures(tmp_path / "black")
    settings = [
        "data=image_folder",
        "data.root=black",
        "data.image_size=8",
        "data.channels=1",
        "data.batch_size=4",
    ]
    assert main("as_is", *FAST, *settings, f"model.normalize={normalize}", "model.net.widths=[4,4]") == 0
    found = results(tmp_path)
    assert found["metrics"]["test/acc"] == 0.5
    assert math.isfinite(found["metrics"]["test/loss"])
    assert found["metrics"]["test/var_within"] == pytest.approx(0, abs=1e-9)
    said = capsys.readouterr().err
    assert "all pictures to train on are equal, so that nothing can be learnt" in said
    assert "loss.lambda" not in said


def test_a_training_part_too_small_for_a_batch_is_one_line(
    main: Main, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main("as_is", *FAST, "data=digits", "data.per_class=2", "data.batch_size=20", "data.train_size=15")
        == 2
    )
    said = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert said == ["error: data.batch_size=20: 15 images of training make no batch"]


def test_a_class_that_training_never_holds(
    main: Main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    """Its class mean is not there, and nothing of the other classes is touched by that."""
    from icv_lightning.data import DigitsDataModule

    load = DigitsDataModule.load

    def without_9(self):
        (images, target), test = load(self)
        return (images[target != 9], target[target != 9]), test

    monkeypatch.setattr(DigitsDataModule, "load", without_9)
    assert main("as_is", *TINY, *FAST, "trainer.max_epochs=2", "optimizer.lr=0.01") == 0
    found = results(tmp_path)
    assert found["per_class"][9] == 0
    assert max(found["per_class"]) > 0.5
    assert all(math.isfinite(found["metrics"][f"test/{key}"]) for key in ("loss", "acc_nearest_class_mean"))
    assert "saw no image of classes 9" in capsys.readouterr().err


@pytest.mark.parametrize("rule", [LearnedCentroids, BatchMeanCentroids, OneByOneCentroids])
@pytest.mark.parametrize("dim", [1, 2, 4096])
@pytest.mark.parametrize("classes", [2, 100_000])
def test_steps_and_evaluation_of_few_and_many_classes(rule: type, dim: int, classes: int) -> None:
    """Batches of one class, of one image, and of what is left; no matrix of K x K or N x K x B is made."""
    if dim * classes > 10_000_000:
        classes = 1000
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, dim))
    options = {"sparse": True} if rule is LearnedCentroids else {}
    centroids = rule(classes, dim, init="class_means", **options)
    loss = DiscriminantLoss(0.05, dim) if dim == 2 else CombinedLoss(0.05)
    module = ClassifierModule(
        net,
        LinearScores(dim, classes),
        centroids,
        loss,
        lambda groups: AdamWithSparseRows(groups, lr=0.01),
        classes,
        dim,
    )
    optimizer = module.configure_optimizers()
    before = centroids().detach().clone()
    for target in ([classes - 1] * 5, [0], [1, classes - 1, 1]):
        images = torch.rand(len(target), 1, 2, 2)
        optimizer.zero_grad()
        value = module.training_step((images, torch.tensor(target)), 0)
        value.backward()
        optimizer.step()
        assert value.isfinite()
    assert all(parameter.isfinite().all() for parameter in module.parameters())
    moved = (centroids().detach() != before).any(1).nonzero()[:, 0].tolist()
    assert moved == [0, 1, classes - 1][: 2 if classes == 2 else 3]
    evaluation = Evaluation(classes, dim, loss.terms)
    images, target = torch.rand(7, 1, 2, 2), torch.tensor([0, 0, 0, 1, 1, 1, classes - 1])
    with torch.no_grad():
        outputs = module(images)
        terms = loss(outputs.logits, outputs.embeddings, centroids(), target)
        evaluation.update(outputs, target, terms, centroids())
        evaluation.compare(outputs, target, evaluation.class_means())
    found = evaluation.compute()
    assert all(value.isfinite() for key, value in found.items() if not key.startswith(("nc", "within_pc")))
    assert 0 <= found["acc_nearest_class_mean"] <= 1
