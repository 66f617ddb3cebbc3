"""Which pictures are verified, and their embeddings by a checkpoint's network."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from icv_lightning.building import recorded_datamodule
from icv_lightning.configuration.provenance import pictures_changed
from icv_lightning.data.datamodule import ImageDataModule
from icv_lightning.data.decoding import LazyImages
from icv_lightning.data.disjoint import DisjointDataModule
from icv_lightning.data.faces import FacesDataModule, files_of
from icv_lightning.data.folders import PictureFinder
from icv_lightning.data.images import InMemoryImages
from icv_lightning.data.picture import read_picture
from icv_lightning.data.spaced import spaced
from icv_lightning.data.traits import SAMPLE, read_ranges
from icv_lightning.errors import UserError
from icv_lightning.module import ClassifierModule
from icv_lightning.recognition.checkpoint import module_in, trained_for
from icv_lightning.recognition.picture_files import warn_unlike
from icv_lightning.records.checkpoints import read_checkpoint
from icv_lightning.records.places import data_settings
from icv_lightning.records.results import read_results
from icv_lightning.unseen.episodes import Embedded
from icv_lightning.unseen.spaces import Space, embedded, of_network
from icv_lightning.verify.pairs import NamedPairs, Pairs, Picture


class Verifier:
    """A checkpoint's network, the run that it comes from, and pictures that neither has seen.

    Args:
        checkpoint: a run's `checkpoints/last.ckpt`, or such a file alone.
        images: a folder of persons; None for those that the run kept to verify.
        root: folder of data sets, if not where the run found them.
        flip: average the embeddings of each picture and of its mirror image.
        crop: share of the central part that is kept; None for the run's.

    Raises:
        UserError: a checkpoint that cannot be loaded.
    """

    def __init__(
        self,
        checkpoint: Path,
        images: Path | None = None,
        root: str | None = None,
        flip: bool = False,
        crop: float | None = None,
    ) -> None:
        content = read_checkpoint(checkpoint)
        module = module_in(content, checkpoint)
        self.checkpoint, self.images = checkpoint, images
        self.results = read_results(checkpoint.parent.parent) or {}
        self.settings = data_settings(checkpoint.parent.parent, root)
        self.space = flip_averaged(module) if flip else of_network(module)
        _, taken = trained_for(content, checkpoint)
        taken = taken if crop is None else taken._replace(crop=crop)
        self.decode = partial(read_picture, taken=taken)
        self.usual = read_ranges((content.get("data") or {}).get("usual"))

    def persons(self) -> Embedded:
        """Return the embeddings of all pictures to verify, and whose each is.

        Raises:
            UserError: no such pictures, or a person who was trained on.
        """
        if self.images is None:
            if said := pictures_changed(self.results.get("provenance"), self.settings):
                raise UserError(f"{self.checkpoint}: the persons trained on are not known: {'; '.join(said)}")
            part = unseen_pictures(self.settings) if self.settings else None
            if part is None or not len(part):
                raise UserError(f"{self.checkpoint}: its run kept no persons to verify; give --images")
            return embedded(self.space, part)
        names = PictureFinder().folders(self.images)
        self._check_strangers(names)
        found = files_of([self.images / name for name in names])
        target = torch.tensor([k for _, k in found])
        images = self._images([path for path, _ in found])
        return embedded(self.space, InMemoryImages(images, target))

    def pairs(self, named: NamedPairs[Picture] | NamedPairs[Path]) -> tuple[Embedded, Pairs]:
        """Return the embeddings of the pictures that pairs name, and the pairs among them.

        Raises:
            UserError: a picture that is not there, or a person who was trained on.
        """
        wanted: Any = named.pictures()
        by_path = isinstance(wanted[0], Path)
        self._check_strangers(sorted({one.parent.name if by_path else one[0] for one in wanted}))
        files = wanted if by_path else find_pictures(self._folder(), wanted)
        nobody = torch.zeros(len(files), dtype=torch.int64)  # whose each is, pairs say
        return embedded(self.space, InMemoryImages(self._images(files), nobody)), named.at(wanted)

    def _images(self, files: Sequence[Path]) -> LazyImages:
        images = LazyImages(files, self.decode)
        looked_at = spaced(len(files), SAMPLE)
        warn_unlike(images[looked_at], [files[k] for k in looked_at.tolist()], self.usual)
        return images

    def _folder(self) -> Path:
        if self.images is not None:
            return self.images
        data = data_of(self.settings) if self.settings else None
        verified = data.persons()[1] if isinstance(data, FacesDataModule) else []
        if not verified:
            raise UserError(f"{self.checkpoint}: its run kept no folder of persons to verify; give --images")
        return verified[0].parent

    def _check_strangers(self, names: Sequence[str]) -> None:
        if known := sorted(set(names) & set(self.results.get("class_names", []))):
            raise UserError(f"{self.checkpoint}: trained on persons to verify: {', '.join(known[:5])}")


def data_of(settings: Mapping[str, Any]) -> ImageDataModule:
    """Return the data module of a run's data settings, loaded as far as persons to verify need it."""
    data = recorded_datamodule(settings)
    if not isinstance(data, DisjointDataModule):  # which needs not decode what it trained on
        data.setup()
    return data


def unseen_pictures(settings: Mapping[str, Any]) -> InMemoryImages:
    """Return the pictures that a run with these data settings kept to verify."""
    return data_of(settings).unseen()


def flip_averaged(module: ClassifierModule) -> Space:
    """Return embeddings averaged over a picture and its mirror image, of unit length if the network's are."""
    plain = of_network(module)
    unit = any(getattr(layer, "normalize", False) for layer in module.net.modules())

    def space(images: Tensor) -> Tensor:
        mean = (plain(images) + plain(images.flip(-1))) / 2
        return normalize(mean) if unit else mean

    return space


def find_pictures(folder: Path, wanted: Sequence[Picture]) -> list[Path]:
    """Return the files of (person, number): `<person>/<person>_0001.*`, as LFW has it, or `<person>/1.*`.

    Raises:
        UserError: a picture that is not there.
    """
    finder = PictureFinder()
    stems = {name: {path.stem: path for path in finder.pictures(folder / name)} for name in dict(wanted)}
    found = []
    for name, number in wanted:
        names = (f"{name}_{number:04}", str(number))
        path = next((stems[name][stem] for stem in names if stem in stems[name]), None)
        if path is None:
            raise UserError(f"{folder / name}: has no picture {number} ({names[0]}.* or {names[1]}.*)")
        found.append(path)
    return found
