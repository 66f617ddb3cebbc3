"""EMNIST from small archives of the original's layout, beside torchvision's own reading of them."""

import gzip
import hashlib
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import datasets
from torchvision.datasets import utils

from icv_lightning.data import EMNISTDataModule
from icv_lightning.errors import UserError

CLASSES = {"byclass": 62, "bymerge": 47, "balanced": 47, "letters": 26, "digits": 10, "mnist": 10}


def emnist(root: Path, split: str = "letters", **options) -> EMNISTDataModule:
    basic = {
        "name": "emnist",
        "num_classes": CLASSES.get(split, 2),
        "channels": 1,
        "image_size": 28,
        "root": str(root),
    }
    data = EMNISTDataModule(split, **basic | options)
    data.setup()
    return data


def idx(array: np.ndarray) -> bytes:
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return gzip.compress(header + array.astype(np.uint8).tobytes())


def write(path: Path, monkeypatch: pytest.MonkeyPatch, without: str = "", too_many: int = 0) -> None:
    """Write an archive of two images a class in train and one in test, and let torchvision expect it."""
    random = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for split, count in CLASSES.items():
            for part, times in (("train", 2), ("test", 1)):
                target = np.tile(np.arange(count + too_many) + (split == "letters"), times)
                images = random.integers(256, size=(len(target), 28, 28))
                for kind, array in (("images-idx3", images), ("labels-idx1", target)):
                    name = f"gzip/emnist-{split}-{part}-{kind}-ubyte.gz"
                    if name != without:
                        archive.writestr(name, idx(array))
    monkeypatch.setattr(datasets.EMNIST, "md5", hashlib.md5(path.read_bytes()).hexdigest())


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    raw = tmp_path / "EMNIST" / "raw"
    raw.mkdir(parents=True)
    write(raw / "gzip.zip", monkeypatch)
    monkeypatch.setattr(utils, "download_url", None)
    return tmp_path


@pytest.mark.parametrize("split", CLASSES)
def test_each_split_is_read_as_torchvision_reads_it_but_upright_and_from_0(small, split):
    data = emnist(small, split)
    assert sorted(path.name for path in small.rglob("*")) == ["EMNIST", "gzip.zip", "raw"]
    assert data.train_part.target.bincount().tolist() == [2] * CLASSES[split]
    raw = small / "EMNIST" / "raw"
    with zipfile.ZipFile(raw / "gzip.zip") as archive:
        for member in archive.namelist():  # torchvision reads what it unpacked
            (raw / Path(member).stem).write_bytes(gzip.decompress(archive.read(member)))
    for part, train in ((data.train_part, True), (data.test_part, False)):
        reference = datasets.EMNIST(small, split, train=train)
        assert torch.equal(part.images[:, 0], reference.data.transpose(1, 2))
        assert torch.equal(part.target, reference.targets - int(split == "letters"))
        names = [reference.classes[k] for k in reference.targets]
        assert [data.class_names[k] for k in part.target] == names


def test_names_of_classes(small):
    assert emnist(small, "letters").class_names == list("abcdefghijklmnopqrstuvwxyz")
    assert "".join(emnist(small, "balanced").class_names[10:]) == "ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"
    kept = emnist(small, "letters", classes=[25, 0], num_classes=2)
    assert kept.class_names == ["z", "a"]


def test_a_read_only_root_is_enough(small):
    path = small / "EMNIST" / "raw" / "gzip.zip"
    for place in (path, path.parent):
        place.chmod(place.stat().st_mode & 0o555)
    assert len(emnist(small).test_part) == 26
    path.parent.chmod(0o755)


def test_a_missing_archive_is_downloaded(small, tmp_path, mirror):
    kept = (small / "EMNIST" / "raw" / "gzip.zip").rename(tmp_path / "kept.zip")
    asked = mirror(kept)
    assert len(emnist(small).train_part) == 52
    assert asked == [(datasets.EMNIST.url, datasets.EMNIST.md5)]


def test_a_failed_download_says_what_to_do(tmp_path, no_network):
    with pytest.raises(
        UserError, match=r"gzip.zip: not there.*\(no network\).*data.root.*ICV_DATA.*EMNIST/raw"
    ):
        emnist(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_damaged_archives_are_named(small, monkeypatch):
    path = small / "EMNIST" / "raw" / "gzip.zip"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(UserError, match=r"gzip.zip: truncated or altered"):
        emnist(small)
    monkeypatch.setattr(datasets.EMNIST, "md5", hashlib.md5(whole[:-1]).hexdigest())
    path.write_bytes(whole[: len(whole) // 2])
    monkeypatch.setattr(datasets.EMNIST, "md5", hashlib.md5(path.read_bytes()).hexdigest())
    with pytest.raises(UserError, match=r"gzip.zip: not as its data set has it \(File is not a zip file\)"):
        emnist(small)
    write(path, monkeypatch, without="gzip/emnist-letters-test-labels-idx1-ubyte.gz")
    with pytest.raises(UserError, match=r"gzip.zip: not as its data set has it \(.*letters-test-labels"):
        emnist(small)
    write(path, monkeypatch, too_many=1)
    with pytest.raises(UserError, match=r"the train part must have classes 0 to 25 .*found"):
        emnist(small)


def test_unknown_split(tmp_path):
    with pytest.raises(ValueError, match=r"split must be one of byclass, bymerge, .*, got 'words'"):
        emnist(tmp_path, "words")
