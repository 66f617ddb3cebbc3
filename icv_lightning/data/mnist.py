"""MNIST and Fashion-MNIST from their original archives, downloaded through torchvision where absent."""

from pathlib import Path
from typing import Any

from torch import Tensor

from icv_lightning.data.datamodule import ImageDataModule, Part
from icv_lightning.data.idx import read_idx
from icv_lightning.errors import UserError


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
        path = self.raw / name
        if not path.exists():
            self._download(name, md5)
        return path

    def _download(self, name: str, md5: str) -> None:
        from torchvision.datasets.utils import download_url

        made = [folder for folder in (self.raw, *self.raw.parents) if not folder.exists()]
        reason = "no mirror"
        for mirror in self._source().mirrors:
            try:
                download_url(f"{mirror}{name}", self.raw, filename=name, md5=md5)
                return
            except (OSError, RuntimeError) as error:
                reason = str(error)
        for folder in made:  # torchvision makes the folder before it knows
            folder.rmdir()
        raise UserError(
            f"{self.raw / name}: not there, and the download failed ({reason}); set data.root (or the "
            f"environment's ICV_DATA) to a folder that holds {self.dataset}/raw with the four original "
            "archives, or try data=digits, which needs no network"
        )


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
