"""MNIST, Fashion-MNIST and Kuzushiji-MNIST from their original archives, downloaded where absent."""

from typing import Any

from torch import Tensor

from icv_lightning.data.archive import content_of
from icv_lightning.data.datamodule import ImageDataModule
from icv_lightning.data.idx import decoded_idx
from icv_lightning.data.parts import Part
from icv_lightning.errors import check_choice

DATASETS = ("MNIST", "FashionMNIST", "KMNIST")


class MNISTDataModule(ImageDataModule):
    """The 60,000 + 10,000 images of 28x28 of `torchvision.datasets.<dataset>`.

    The four archives are looked for in `<root>/<dataset>/raw`, which may be read-only; only a missing one
    is downloaded there.

    Args:
        dataset: "MNIST", "FashionMNIST" or "KMNIST".
        options: those of `ImageDataModule`.

    Raises:
        ValueError: another `dataset`.
    """

    def __init__(self, dataset: str = "MNIST", **options: Any) -> None:
        super().__init__(**options)
        check_choice("dataset", dataset, DATASETS)
        self.dataset, self.raw = dataset, self.root / dataset / "raw"

    def load(self) -> tuple[Part, Part]:
        """Return train and test part from the archives."""
        from torchvision import datasets  # a second of import that no other data set needs

        source = getattr(datasets, self.dataset)
        if self.dataset != "MNIST":  # whose names there are "0 - zero"
            self.class_names = list(source.classes)
        train_images, train_target, test_images, test_target = (
            self._read(source, *each) for each in source.resources
        )
        return _part(train_images, train_target), _part(test_images, test_target)

    def _read(self, source: Any, name: str, md5: str) -> Tensor:
        urls = [f"{mirror}{name}" for mirror in source.mirrors]
        archives = f"{self.dataset}/raw with the four original archives"
        place = f"{archives}, or try data=digits, which needs no network"
        return decoded_idx(content_of(self.raw / name, md5, urls, place))


def _part(images: Tensor, target: Tensor) -> Part:
    return images.unsqueeze(1), target.long()
