"""Embeddings of every epoch on disk, through a real training."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from icv_lightning.callbacks import EmbeddingSnapshot


def arrays(run: SimpleNamespace, epoch: int) -> dict[str, np.ndarray]:
    with np.load(run.folder / "embeddings" / f"epoch_{epoch:03d}.npz", allow_pickle=False) as file:
        return dict(file)


@pytest.fixture(scope="module")
def run(digits_run):
    return digits_run(epochs=2, every=1, val_size=0)


@pytest.fixture(scope="module")
def with_validation(digits_run):
    return digits_run(epochs=3, every=2, val_size=100)


def names(run: SimpleNamespace) -> list[str]:
    return sorted(path.name for path in (run.folder / "embeddings").iterdir())


def test_a_file_an_epoch_and_no_other(run):
    assert names(run) == ["epoch_001.npz", "epoch_002.npz"]


def test_every_second_epoch_and_always_the_last(with_validation):
    assert names(with_validation) == ["epoch_002.npz", "epoch_003.npz"]


@pytest.mark.parametrize(
    ("fixture", "watched", "size"), [("run", "test", 360), ("with_validation", "val", 100)]
)
def test_keys_shapes_and_types(request, fixture, watched, size):
    content = {k: (v.shape, v.dtype.name) for k, v in arrays(request.getfixturevalue(fixture), 2).items()}
    assert content == {
        "train_embeddings": ((500, 2), "float32"),
        "train_target": ((500,), "int64"),
        "train_index": ((500,), "int64"),
        f"{watched}_embeddings": ((size, 2), "float32"),
        f"{watched}_target": ((size,), "int64"),
        f"{watched}_index": ((size,), "int64"),
        f"{watched}_preds": ((size,), "int64"),
        "centroids": ((10, 2), "float32"),
        "class_means": ((10, 2), "float32"),
    }


def test_the_last_holds_what_the_trained_network_says(run):
    content, data = arrays(run, 2), run.data
    with torch.no_grad():
        embeddings, logits = run.module.eval()(data.test_part.images)
        monitored, _ = run.module(data.monitor_part.images[data.monitor_part.index])
    np.testing.assert_allclose(content["test_embeddings"], embeddings, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(content["train_embeddings"], monitored, rtol=1e-4, atol=1e-5)
    assert (content["test_preds"] == logits.argmax(1).numpy()).mean() > 0.99  # but for scores that are level
    np.testing.assert_array_equal(content["centroids"], run.module.centroids().detach())
    assert not np.array_equal(arrays(run, 1)["test_embeddings"], content["test_embeddings"])


def test_index_is_the_position_in_the_official_part(run, with_validation):
    content = arrays(run, 1)
    np.testing.assert_array_equal(
        content["train_target"], run.data.train_part.all_target[content["train_index"]]
    )
    np.testing.assert_array_equal(content["test_index"], np.arange(360))
    content, whole = arrays(with_validation, 2), with_validation.data.train_part.all_target
    np.testing.assert_array_equal(content["val_target"], whole[content["val_index"]])
    assert not set(content["val_index"]) & set(content["train_index"])


@pytest.mark.parametrize("fixture", ["run", "with_validation"])
def test_class_means_are_those_of_the_train_embeddings(request, fixture):
    content = arrays(request.getfixturevalue(fixture), 2)
    means = [content["train_embeddings"][content["train_target"] == k].mean(0) for k in range(10)]
    np.testing.assert_allclose(content["class_means"], means, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("fixture", "watched"), [("run", "test"), ("with_validation", "val")])
def test_the_pictures_stand_once_beside_the_run(request, fixture, watched):
    run = request.getfixturevalue(fixture)
    path = run.folder.parent / "images-digits.npz"
    content = np.load(path, allow_pickle=False)
    assert set(content) == {
        "class_names", "train_images", "train_index", f"{watched}_images", f"{watched}_index"
    }  # fmt: skip
    assert content["class_names"].tolist() == [str(k) for k in range(10)]
    snapshot = arrays(run, 2)
    for name, images in {"train": run.data.train_part.images, watched: _watched(run)}.items():
        np.testing.assert_array_equal(content[f"{name}_index"], snapshot[f"{name}_index"])
        np.testing.assert_array_equal(content[f"{name}_images"], images[content[f"{name}_index"]])


def _watched(run: SimpleNamespace) -> torch.Tensor:
    return run.data.val_part.images if run.data.val_size else run.data.test_part.images


def test_pictures_that_stand_there_are_left_alone(run):
    path = run.folder.parent / "images-digits.npz"
    before = path.stat().st_mtime_ns
    EmbeddingSnapshot().on_fit_start(run.trainer, run.module)
    assert path.stat().st_mtime_ns == before


def test_no_unfinished_file_is_left(run):
    assert not list(run.folder.parent.rglob("*.part"))


def test_bad_every():
    with pytest.raises(ValueError, match="every must be at least 1, got 0"):
        EmbeddingSnapshot(every=0)
