"""MNIST and Fashion-MNIST: the archives where they are, and the download where they are not."""

import gzip
import hashlib
import shutil
import struct
from pathlib import Path

import pytest
import torch
from torchvision import datasets
from torchvision.datasets import utils

from icv_lightning.data import MNISTDataModule
from icv_lightning.errors import UserError

NAMES = ["train-images", "train-labels", "t10k-images", "t10k-labels"]


def mnist(root: Path, dataset: str = "MNIST", **options) -> MNISTDataModule:
    basic = {"name": dataset.lower(), "num_classes": 10, "channels": 1, "image_size": 28, "root": str(root)}
    data = MNISTDataModule(dataset, **basic | options)
    data.setup()
    return data


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with archives of 20 + 10 images, which torchvision's table takes for the original."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    resources = []
    for name, shape in zip(NAMES, [(20, 28, 28), (20,), (10, 28, 28), (10,)], strict=True):
        values = bytes(i % (10 if "labels" in name else 251) for i in range(torch.Size(shape).numel()))
        packed = gzip.compress(struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape) + values)
        (raw / f"{name}.gz").write_bytes(packed)
        resources.append((f"{name}.gz", hashlib.md5(packed).hexdigest()))
    monkeypatch.setattr(datasets.MNIST, "resources", resources)
    monkeypatch.setattr(datasets.MNIST, "mirrors", ["first://", "second://"])
    monkeypatch.setattr(utils, "download_url", _no_download)
    return tmp_path


def _no_download(url: str, *args, **kwargs) -> None:
    raise AssertionError(f"{url} need not be downloaded")


@pytest.mark.parametrize(
    ("dataset", "labels", "name"),
    [("MNIST", [5, 0, 4, 1, 9], "5"), ("FashionMNIST", [9, 0, 0, 3, 0], "Sandal")],
)
def test_original_archives_are_read_as_torchvision_reads_them(data_root, tmp_path, dataset, labels, name):
    data = mnist(data_root, dataset)
    assert data.train_part.target[:5].tolist() == labels
    assert data.class_names[5] == name
    assert data.train_part.target.bincount().sum() == 60_000
    shutil.copytree(data_root / dataset / "raw", tmp_path / dataset / "raw", copy_function=shutil.copyfile)
    for part, train in ((data.train_part, True), (data.test_part, False)):
        reference = getattr(datasets, dataset)(tmp_path, train=train, download=True)
        assert len(part) == (60_000 if train else 10_000)
        assert torch.equal(part.images[:, 0], reference.data)
        assert torch.equal(part.target, reference.targets)
    shutil.rmtree(tmp_path / dataset)


def test_archives_in_place_are_used_and_nothing_is_written(small):
    raw = small / "MNIST" / "raw"
    before = {path: path.stat().st_mtime_ns for path in small.rglob("*")}
    for path in (*raw.iterdir(), raw):
        path.chmod(path.stat().st_mode & 0o555)
    data = mnist(small)
    assert (len(data.train_part), len(data.test_part)) == (20, 10)
    assert data.train_part.target.tolist() == [*range(10), *range(10)]
    assert data.train_part.images[0, 0, 0, :3].tolist() == [0, 1, 2]
    assert {path: path.stat().st_mtime_ns for path in small.rglob("*")} == before
    raw.chmod(0o755)


def test_only_a_missing_archive_is_downloaded_the_second_mirror_after_the_first(small, tmp_path, monkeypatch):
    missing = small / "MNIST" / "raw" / "t10k-labels.gz"
    kept = missing.rename(tmp_path / "elsewhere.gz")
    asked = []

    def download(url, root, filename, md5):
        asked.append(url)
        if url.startswith("first"):
            raise OSError("refused")
        shutil.copy(kept, Path(root) / filename)

    monkeypatch.setattr(utils, "download_url", download)
    assert mnist(small).test_part.target.tolist() == list(range(10))
    assert asked == ["first://t10k-labels.gz", "second://t10k-labels.gz"]


@pytest.mark.parametrize("error", [OSError("no network"), RuntimeError("no network")])
def test_a_failed_download_says_what_to_do(small, monkeypatch, error):
    (small / "MNIST" / "raw" / "train-images.gz").unlink()

    def download(*args, **kwargs):
        raise error

    monkeypatch.setattr(utils, "download_url", download)
    with pytest.raises(UserError) as caught:
        mnist(small)
    message = str(caught.value)
    assert message.startswith(f"{small / 'MNIST' / 'raw' / 'train-images.gz'}: not there")
    assert "(no network)" in message
    assert "data.root" in message
    assert "ICV_DATA" in message
    assert "data=digits" in message
    assert "\n" not in message


def test_an_altered_archive_is_named(small):
    path = small / "MNIST" / "raw" / "t10k-images.gz"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"t10k-images.gz: truncated or altered"):
        mnist(small)


def test_unknown_data_set(tmp_path):
    with pytest.raises(ValueError, match="dataset must be one of MNIST, FashionMNIST, KMNIST, got 'QMNIST'"):
        mnist(tmp_path, "QMNIST")


def test_kuzushiji_is_read_as_torchvision_reads_it(small, monkeypatch):
    (small / "MNIST").rename(small / "KMNIST")
    monkeypatch.setattr(datasets.KMNIST, "resources", datasets.MNIST.resources)
    data = mnist(small, "KMNIST")
    assert data.class_names == ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]
    for path in (small / "KMNIST" / "raw").glob("*.gz"):  # torchvision reads what it unpacked
        for name in path.stem, f"{path.stem}-idx{3 if 'images' in path.stem else 1}-ubyte":
            path.with_name(name).write_bytes(gzip.decompress(path.read_bytes()))
    for part, train in ((data.train_part, True), (data.test_part, False)):
        reference = datasets.KMNIST(small, train=train)
        assert torch.equal(part.images[:, 0], reference.data)
        assert torch.equal(part.target, reference.targets)


@pytest.mark.parametrize(("channels", "image_size"), [(3, 28), (1, 32)])
def test_images_of_another_shape_than_said(small, channels, image_size):
    with pytest.raises(
        UserError,
        match=rf"data.channels={channels} data.image_size={image_size}: the images of mnist are 1 x 28 x 28",
    ):
        mnist(small, channels=channels, image_size=image_size)
