"""What a training shows its trackers, through one run of three epochs on digits, drawn after the second."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir

from icv_lightning import building
from icv_lightning.callbacks import Gallery, Throughput
from icv_lightning.callbacks.gallery import thumbnails
from icv_lightning.configuration.composition import CONF
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.loggers import Tracker
from tests.conftest import TINY

pytestmark = pytest.mark.filterwarnings("ignore:The ``compute`` method of metric TermMeans")


class Memory(Tracker):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.told: list[Any] = []

    def log_scalars(self, *values: Any) -> None:
        self.told.append(("scalars", *values))

    def log_image(self, *values: Any) -> None:
        self.told.append(("image", *values))

    def log_table(self, *values: Any) -> None:
        self.told.append(("table", *values))

    def log_sample(self, *values: Any) -> None:
        self.told.append(("sample", *values))


@dataclass
class Run:
    told: list[Any]
    module: Any
    data: Any


def train(folder: Path, gallery: Gallery, memory: Memory | None, **options: Any) -> Run:
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", list(TINY))
    torch.manual_seed(0)
    data = building.build_datamodule(config)
    module = building.build_module(**building.module_arguments(config))
    trainer = L.Trainer(
        logger=memory or False, callbacks=[gallery, Throughput()], default_root_dir=folder,
        log_every_n_steps=0, enable_progress_bar=False, enable_checkpointing=False,
        enable_model_summary=False, accelerator="cpu", **options,
    )  # fmt: skip
    trainer.fit(module, datamodule=data)
    trainer.test(module, datamodule=data, verbose=False)
    return Run(memory.told if memory else [], module, data)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("run")
    return train(folder, Gallery([2], sample_size=50), Memory(folder), max_epochs=3, num_sanity_val_steps=1)


def test_embeddings_are_drawn_when_asked_and_at_the_end_before_the_scalars(run: Run) -> None:
    order = [(kind, *(v for v in values if isinstance(v, int | str))) for kind, *values in run.told]
    assert order == [
        ("scalars", 1, False), ("image", "test/embeddings", 2), ("scalars", 2, False),
        ("image", "test/embeddings", 3), ("scalars", 3, False), ("scalars", 3, True),
        ("image", "test/var_within_per_class", 3), ("image", "test/confusion", 3),
        ("table", "test/per_class", 3), ("sample", "test/sample", 3),
    ]  # fmt: skip


def test_the_sample_is_spread_over_the_test_part_with_what_the_network_says_of_it(run: Run) -> None:
    sample = next(values[1] for kind, *values in run.told if kind == "sample")
    index = sample.index
    assert len(index) == 50
    assert (index[0], index[-1]) == (0, 359)
    assert set(index.diff().tolist()) == {7, 8}
    images, target = run.data.test_part.images[index], run.data.test_part.target[index]
    assert torch.equal(sample.images, images)
    assert torch.equal(sample.target, target)
    with torch.no_grad():
        embeddings, logits = run.module.eval()(images)
    assert torch.allclose(sample.embeddings, embeddings, atol=1e-5)
    assert torch.equal(sample.preds, logits.argmax(1))
    centroids = run.module.centroids().detach().double().numpy()
    distances = np.linalg.norm(sample.embeddings.double().numpy()[:, None] - centroids, axis=2)
    assert sample.distances.numpy() == pytest.approx(distances, abs=1e-5)


def test_variance_per_class_is_that_of_the_embeddings(run: Run) -> None:
    _, columns, rows, _ = next(values for kind, *values in run.told if kind == "table")
    part = run.data.test_part
    with torch.no_grad():
        embeddings = run.module.eval()(part.images).embeddings.double().numpy()
    target = part.target.numpy()
    variances = [embeddings[target == k].var(0).sum() for k in range(10)]
    means = np.stack([embeddings[target == k].mean(0) for k in range(10)])
    shares = np.bincount(target) / len(target)
    between = (shares * ((means - embeddings.mean(0)) ** 2).sum(1)).sum()
    assert columns == ("class", "var_within", "var_within_over_between")
    assert [name for name, _, _ in rows] == [str(k) for k in range(10)]
    assert [row[1] for row in rows] == pytest.approx(variances, rel=1e-4)
    assert [row[2] for row in rows] == pytest.approx(variances / between, rel=1e-4)


def test_the_throughput_stands_with_the_scalars_of_an_epoch(run: Run) -> None:
    rates = [values[0].get("train/images_per_second") for kind, *values in run.told if kind == "scalars"]
    assert all(rate > 0 for rate in rates[:3])
    assert rates[3] is None  # the final test trains nothing


def test_without_a_tracker_nothing_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("icv_lightning.callbacks.figures.embedding_scatter", None)
    train(tmp_path, Gallery([1]), None, max_epochs=1, limit_train_batches=1)
    assert not list(tmp_path.glob("**/*.png"))


def test_large_images_are_shrunk_to_thumbnails() -> None:
    images = (
        torch.arange(2 * 3 * 64 * 48, dtype=torch.int64).remainder(256).to(torch.uint8).view(2, 3, 64, 48)
    )
    small = thumbnails(images)
    assert (small.shape, small.dtype) == ((2, 3, 32, 24), torch.uint8)
    assert small.double().mean() == pytest.approx(images.double().mean().item(), abs=2)
    assert thumbnails(images[..., :32, :32]).shape == (2, 3, 32, 32)
    flat = torch.full((1, 1, 100, 100), 255, dtype=torch.uint8)
    assert thumbnails(flat).unique().tolist() == [255]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": [1, 0]}, "epochs must be at least 1, got"),
        ({"sample_size": 0}, "sample_size must be .* got 0"),
    ],
)
def test_bad_arguments(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Gallery(**options)
