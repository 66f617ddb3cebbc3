"""CIFAR-10 and CIFAR-100 from small archives of the original's layout, beside torchvision's own reading."""

import hashlib
import io
import os
import pickle
import shutil
import struct
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torchvision import datasets
from torchvision.datasets import utils

from icv_lightning.data import CIFARDataModule
from icv_lightning.data import cifar as cifar_module
from icv_lightning.errors import UserError

CLASSES = {"fine": 100, "coarse": 20}


def cifar(root: Path, dataset: str = "CIFAR10", labels: str = "fine", **options) -> CIFARDataModule:
    count = 10 if dataset == "CIFAR10" else CLASSES[labels]
    basic = {
        "name": dataset.lower(),
        "num_classes": count,
        "channels": 3,
        "image_size": 32,
        "root": str(root),
    }
    data = CIFARDataModule(dataset, labels, **basic | options)
    data.setup()
    return data


class AsPython2(pickle._Pickler):
    """Writes protocol 2 as Python 2 did, whose texts are bytes: the originals are of that time."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=2)

    def save_bytes(self, value: bytes) -> None:
        short = len(value) < 256
        self.write((b"U" + bytes([len(value)]) if short else b"T" + struct.pack("<i", len(value))) + value)
        self.memoize(value)

    def save_text(self, value: str) -> None:
        self.save_bytes(value.encode())

    dispatch = pickle._Pickler.dispatch | {bytes: save_bytes, str: save_text}


def dumped(content: Any) -> bytes:
    file = io.BytesIO()
    AsPython2(file).dump(content)
    return file.getvalue().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def contents(dataset: str, too_many: int = 0) -> dict[str, Any]:
    """Return what stands in the files of a data set of two images a class and file."""
    random = np.random.default_rng(0)
    source = getattr(datasets, dataset)
    count = 10 if dataset == "CIFAR10" else 100
    found: dict[str, Any] = {}
    for name, _ in [*source.train_list, *source.test_list]:
        target = random.permutation(np.tile(np.arange(count + too_many), 2))
        labels = {"labels": target} if count == 10 else {"fine_labels": target, "coarse_labels": target // 5}
        found[name] = {b"data": random.integers(256, size=(len(target), 3072)).astype(np.uint8)} | {
            key.encode(): values.tolist() for key, values in labels.items()
        }
    kinds = {"label_names": 10} if count == 10 else {"fine_label_names": 100, "coarse_label_names": 20}
    found[source.meta["filename"]] = {
        kind.encode(): [f"{kind[0]}{k}".encode() for k in range(size)] for kind, size in kinds.items()
    }
    return found


def write(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    dataset: str = "CIFAR10",
    files: dict[str, bytes] | None = None,
) -> Path:
    """Write an archive, and let torchvision expect it and its files."""
    source = getattr(datasets, dataset)
    files = files or {name: dumped(content) for name, content in contents(dataset).items()}
    path = root / source.filename
    with tarfile.open(path, "w:gz") as archive:
        for name, packed in {**files, "readme.html": b"<html>"}.items():
            member = tarfile.TarInfo(f"{source.base_folder}/{name}")
            member.size = len(packed)
            archive.addfile(member, io.BytesIO(packed))
    sums = {name: hashlib.md5(packed).hexdigest() for name, packed in files.items()}
    for each in ("train_list", "test_list"):
        monkeypatch.setattr(source, each, [[name, sums.get(name)] for name, _ in getattr(source, each)])
    monkeypatch.setattr(source, "meta", source.meta | {"md5": sums.get(source.meta["filename"])})
    monkeypatch.setattr(source, "tgz_md5", hashlib.md5(path.read_bytes()).hexdigest())
    monkeypatch.setattr(utils, "download_url", None)
    return path


@pytest.mark.filterwarnings(
    "error", "ignore:Python 3.14 will"
)  # of unpacking, which older Pythons cannot be told
@pytest.mark.parametrize("dataset", ["CIFAR10", "CIFAR100"])
def test_images_and_fine_classes_are_those_that_torchvision_reads(tmp_path, monkeypatch, dataset):
    path = write(tmp_path, monkeypatch, dataset)
    data = cifar(tmp_path, dataset)
    assert [place.name for place in tmp_path.iterdir()] == [path.name]
    shutil.unpack_archive(path, tmp_path)
    for part, train in ((data.train_part, True), (data.test_part, False)):
        reference = getattr(datasets, dataset)(tmp_path, train=train)
        assert part.images.dtype == torch.uint8
        assert np.array_equal(part.images.permute(0, 2, 3, 1), reference.data)
        assert part.target.tolist() == reference.targets
        assert data.class_names == reference.classes
    assert len(data.train_part) == (100 if dataset == "CIFAR10" else 200)


def test_coarse_classes_of_cifar100(tmp_path, monkeypatch):
    write(tmp_path, monkeypatch, "CIFAR100")
    fine, coarse = (cifar(tmp_path, "CIFAR100", labels) for labels in ("fine", "coarse"))
    assert torch.equal(coarse.train_part.target, fine.train_part.target // 5)
    assert coarse.class_names == [f"c{k}" for k in range(20)]
    assert torch.equal(coarse.test_part.images, fine.test_part.images)


def test_a_channel_is_a_third_of_a_row_and_rows_of_pixels_follow_each_other(tmp_path, monkeypatch):
    files = contents("CIFAR10")
    files["data_batch_1"][b"data"][0] = np.arange(3072) // 32 % 251
    write(tmp_path, monkeypatch, files={name: dumped(content) for name, content in files.items()})
    image = cifar(tmp_path).train_part.images[0]
    assert image[:, 0, :2].tolist() == [[0, 0], [32, 32], [64, 64]]
    assert image[1, :3, 31].tolist() == [32, 33, 34]


def test_a_read_only_root_is_enough(tmp_path, monkeypatch):
    path = write(tmp_path, monkeypatch)
    for place in (path, tmp_path):
        place.chmod(place.stat().st_mode & 0o555)
    assert len(cifar(tmp_path).test_part) == 20
    tmp_path.chmod(0o755)


def test_a_missing_archive_is_downloaded(tmp_path, monkeypatch, mirror):
    kept = write(tmp_path, monkeypatch).rename(tmp_path / "kept")
    asked = mirror(kept)
    assert len(cifar(tmp_path).train_part) == 100
    assert asked == [(datasets.CIFAR10.url, datasets.CIFAR10.tgz_md5)]


def test_a_failed_download_says_what_to_do(tmp_path, no_network):
    message = r"cifar-100-python.tar.gz: not there.*\(no network\).*data.root.*ICV_DATA"
    with pytest.raises(UserError, match=message):
        cifar(tmp_path / "new", "CIFAR100")
    assert not (tmp_path / "new").exists()


class Code:
    """What unpickles to a file that tells that code was run."""

    def __init__(self, told: Path) -> None:
        self.told = told

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.told),)


def test_nothing_is_unpickled_before_the_sum_is_checked_and_never_any_code(tmp_path, monkeypatch):
    told = tmp_path / "told"
    files = {name: dumped(content) for name, content in contents("CIFAR10").items()}
    files["batches.meta"] = dumped({b"label_names": Code(told)})
    path = write(tmp_path, monkeypatch, files=files)
    with pytest.raises(
        UserError, match=r"cifar-10-python.tar.gz: .*holds (posix|nt).mkdir, which is not run"
    ):
        cifar(tmp_path)
    assert not told.exists()
    path.write_bytes(path.read_bytes() + b"\0")
    monkeypatch.setattr(cifar_module, "_unpickled", None)
    with pytest.raises(UserError, match=r"cifar-10-python.tar.gz: truncated or altered"):
        cifar(tmp_path)
    assert not told.exists()
    pickle.loads(files["batches.meta"])  # as anybody else would
    assert told.exists()


def damaged(kind: str) -> dict[str, bytes]:
    whole = contents("CIFAR10", too_many=1 if kind == "range" else 0)
    if kind == "fewer labels":
        whole["data_batch_2"][b"labels"].pop()
    if kind == "floats":
        whole["test_batch"][b"data"] = whole["test_batch"][b"data"].astype(np.float32)
    files = {name: dumped(content) for name, content in whole.items()}
    if kind == "truncated":
        files["data_batch_3"] = files["data_batch_3"][:500]
    if kind == "missing":
        del files["data_batch_5"]
    return files


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("truncated", r"cifar-10-python.tar.gz: not as its data set has it \(pickle data was truncated\)"),
        ("missing", r"cifar-10-python.tar.gz: not as its data set has it \(.*data_batch_5"),
        ("fewer labels", r"cifar-10-python.tar.gz: not as .* \(100 images of uint8 and 99 labels\)"),
        ("floats", r"cifar-10-python.tar.gz: not as .* \(20 images of float32 and 20 labels\)"),
        ("range", r"data=cifar10: the train part must have classes 0 to 9"),
    ],
)
def test_damage_inside_an_archive_of_the_expected_sum_is_named(tmp_path, monkeypatch, kind, message):
    write(tmp_path, monkeypatch, files=damaged(kind))
    with pytest.raises(UserError, match=message):
        cifar(tmp_path)


def test_a_truncated_archive_is_named(tmp_path, monkeypatch):
    path = write(tmp_path, monkeypatch)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UserError, match=r"cifar-10-python.tar.gz: truncated or altered"):
        cifar(tmp_path)
    path.write_bytes(path.read_bytes()[:99_999])
    monkeypatch.setattr(datasets.CIFAR10, "tgz_md5", hashlib.md5(path.read_bytes()).hexdigest())
    with pytest.raises(UserError, match=r"cifar-10-python.tar.gz: not as its data set has it \(.+\)"):
        cifar(tmp_path)


@pytest.mark.parametrize(
    ("dataset", "labels", "message"),
    [
        ("CIFAR1000", "fine", "dataset must be one of CIFAR10, CIFAR100, got 'CIFAR1000'"),
        ("CIFAR100", "medium", "labels of CIFAR100 must be fine or coarse, got 'medium'"),
        ("CIFAR10", "coarse", "labels of CIFAR10 must be fine, got 'coarse'"),
    ],
)
def test_refused_arguments(tmp_path, dataset, labels, message):
    with pytest.raises(ValueError, match=message):
        CIFARDataModule(
            dataset, labels, name="c", num_classes=10, channels=3, image_size=32, root=str(tmp_path)
        )
