"""CIFAR-10 and CIFAR-100 from their original archives of pickles, which are read without running any code."""

import io
import pickle
import tarfile
from typing import Any

import numpy as np
import torch

from icv_lightning.data.archive import content_of, unpacking
from icv_lightning.data.datamodule import ImageDataModule
from icv_lightning.data.parts import Part
from icv_lightning.errors import check_choice

DATASETS = ("CIFAR10", "CIFAR100")
LABELS = ("fine", "coarse")
ARRAYS = {("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")}


class CIFARDataModule(ImageDataModule):
    """The 50,000 + 10,000 colour images of 32x32 of `torchvision.datasets.<dataset>` (Krizhevsky 2009).

    The archive `cifar-10-python.tar.gz` or `cifar-100-python.tar.gz` is looked for in `<root>`, which may
    be read-only; a missing one is downloaded. Its MD5 sum is checked before anything in it is unpickled,
    and then nothing but lists, numbers, texts and arrays.

    Args:
        dataset: "CIFAR10" or "CIFAR100".
        labels: labels of CIFAR-100: "fine" (100 classes) or "coarse" (the 20 superclasses).
        options: those of `ImageDataModule`.

    Raises:
        ValueError: another `dataset` or `labels`, or coarse labels of CIFAR-10, which has none.
    """

    def __init__(self, dataset: str = "CIFAR10", labels: str = "fine", **options: Any) -> None:
        super().__init__(**options)
        check_choice("dataset", dataset, DATASETS)
        allowed = LABELS if dataset == "CIFAR100" else LABELS[:1]
        if labels not in allowed:
            raise ValueError(f"labels of {dataset} must be {' or '.join(allowed)}, got {labels!r}")
        self.dataset = dataset
        self.prefix = f"{labels}_" if dataset == "CIFAR100" else ""

    def load(self) -> tuple[Part, Part]:
        """Return train and test part from the archive."""
        from torchvision import datasets  # a second of import that other data sets need not

        source = getattr(datasets, self.dataset)
        path = self.root / source.filename
        packed = content_of(path, source.tgz_md5, [source.url], f"the original archive {source.filename}")
        with unpacking(path):
            members = _members(packed)
            train, test, (meta,) = (
                [_unpickled(members[f"{source.base_folder}/{name}"]) for name, _ in files]
                for files in (source.train_list, source.test_list, [(source.meta["filename"], "")])
            )
            self.class_names = [name.decode() for name in meta[f"{self.prefix}label_names".encode()]]
            return self._part(train), self._part(test)

    def _part(self, batches: list[dict[bytes, Any]]) -> Part:
        images = np.concatenate([batch[b"data"] for batch in batches])
        target = np.concatenate([batch[f"{self.prefix}labels".encode()] for batch in batches])
        if images.dtype != np.uint8 or len(images) != len(target):
            raise ValueError(f"{len(images)} images of {images.dtype} and {len(target)} labels")
        return torch.from_numpy(images.reshape(-1, 3, 32, 32)), torch.from_numpy(target).long()


class _Plain(pickle.Unpickler):
    """Unpickles primitives and arrays; refuses every other class or function, which might do anything."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ARRAYS:
            raise pickle.UnpicklingError(f"it holds {module}.{name}, which is not run")
        return super().find_class(module, name)


def _unpickled(content: bytes) -> dict[bytes, Any]:
    return _Plain(io.BytesIO(content), encoding="bytes").load()


def _members(packed: bytes) -> dict[str, bytes]:
    """Return the files in a gzipped tar, in one pass: going back would unpack it again."""
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        return {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}  # type: ignore[union-attr]
