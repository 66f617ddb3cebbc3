"""The sets that metric learning reports on: trained on their train classes, tested on others."""

from pathlib import Path
from typing import Any

from icv_lightning.data.disjoint import DisjointDataModule, Named
from icv_lightning.data.file_lists import picture_of, place_of, read_file_list


class ListedDataModule(DisjointDataModule):
    """CUB-200-2011, Cars-196, Stanford Online Products or In-Shop by its own list; never downloaded.

    The list's train classes are trained on, numbered in its order; `unseen` gives all pictures of its test
    classes. See `icv_lightning.data.file_lists`.

    Args:
        dataset: "cub200", "cars196", "online_products" or "in_shop".
        root: the unpacked set, or the folder that holds it.
        options: those of `DisjointDataModule`, but for `folder`.

    Raises:
        ValueError: an argument that is not as said.
        UserError: a list that is absent or not as it is published, when it is read.
    """

    def __init__(self, dataset: str, root: str | Path = "data", **options: Any) -> None:
        super().__init__(place_of(dataset, root), root=str(root), **options)
        self.dataset = dataset

    def trained(self) -> Named:
        """Return the classes to train on and their pictures."""
        return self._part("train")

    def kept_out(self) -> Named:
        """Return the test classes and their pictures, queries and gallery alike."""
        return self._part("test")

    def _part(self, split: str) -> Named:
        listed = [one for one in read_file_list(self.dataset, self.folder) if one.split == split]
        number = {name: k for k, name in enumerate(dict.fromkeys(one.label for one in listed))}
        files = [(picture_of(self.folder, one.file), number[one.label]) for one in listed]
        return Named(list(number), sorted(files, key=lambda file: file[1]), self.folder)
