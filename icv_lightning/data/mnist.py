"""MNIST and Fashion-MNIST from their original archives, downloaded through torchvision where absent."""

from pathlib import Path
from typing import Any

from torch import Tensor

from icv_lightning.data.datamodule import ImageDataModule, Part
from icv_lightning.data.download import fetched
from icv_lightning.data.idx import read_idx


class MNISTDataModule(ImageDataModule):
    """The 60,000 + 10,000 images of 28x28 of `torchvision.datasets.<dataset>`.

    The four archives are looked for in `<root>/<dataset>/raw`, which may be read-only; only a missing one
    is downloaded there.

    Args:
        dataset: "MNIST" or "FashionMNIST".
        options: those of `ImageDataModule`.

    Raises:
        ValueError: another `dataset`.
    """

    def __init__(self, dataset: str = "MNIST", **options: Any) -> None:
        super().__init__(**options)
        if dataset not in ("MNIST", "FashionMNIST"):
            raise ValueError(f"dataset must be 'MNIST' or 'FashionMNIST', got {dataset!r}")
        self.dataset, self.raw = dataset, self.root / dataset / "raw"
        if dataset == "FashionMNIST":
            self.class_names = FASHION

    def load(self) -> tuple[Part, Part]:
        """Return train and test part from the archives."""
        tensors = [read_idx(self._archive(name, md5), md5) for name, md5 in self._source().resources]
        train_images, train_target, test_images, test_target = tensors
        return _part(train_images, train_target), _part(test_images, test_target)

    def _source(self) -> Any:
        from torchvision import datasets  # a second of import that no other data set needs

        return getattr(datasets, self.dataset)

    def _archive(self, name: str, md5: str) -> Path:
        urls = [f"{mirror}{name}" for mirror in self._source().mirrors]
        return fetched(
            self.raw / name, md5, urls,
            "set data.root (or the environment's ICV_DATA) to a folder that holds "
            f"{self.dataset}/raw with the four original archives, or try data=digits, which needs no network",
        )  # fmt: skip


def _part(images: Tensor, target: Tensor) -> Part:
    return images.unsqueeze(1), target.long()


FASHION = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
]
