"""What a run keeps of its data set: class names, input of the network, constants, digest, usual looks."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from icv_lightning.data.contents import contents_digest
from icv_lightning.data.images import InMemoryImages
from icv_lightning.data.parts import Part
from icv_lightning.data.picture import PictureInput
from icv_lightning.data.spaced import spaced
from icv_lightning.data.traits import SAMPLE, usual


class RecordedData:
    """A data module as its run's records and checkpoint describe it.

    Attributes:
        class_names: by number.
        channels: C.
        image_size: side of the images in pixels.
        train_part: the images to train on.
        sampled_files: some of their files, where pictures come from files.
        loaded: images and classes that `load` gave, by the part's name; empty before.
        names_loaded: names of these classes.
    """

    class_names: list[str]
    channels: int
    image_size: int
    train_part: InMemoryImages
    sampled_files: Sequence[Path]
    loaded: Mapping[str, Part] = {}
    names_loaded: Sequence[str]

    @property
    def picture_input(self) -> PictureInput:
        """Return what pictures are brought to."""
        return PictureInput(self.channels, self.image_size, self.image_size)

    def recorded(self) -> dict[str, Any]:
        """Return what results.json says of the data."""
        return {"class_names": self.class_names}

    def digest(self) -> dict[str, Any] | None:
        """Return what tells the images that `load` gave from others, as `icv_lightning.data.contents` does.

        Returns:
            None for this package's data sets: those are as published, or their files, which `about.pictures`
            names, are compared before anything is loaded.
        """
        if type(self).__module__.startswith("icv_lightning.") or not self.loaded:
            return None
        return contents_digest(self.loaded, self.names_loaded)

    def pixel_statistics(self) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation per channel of the training part, in grey levels."""
        return channel_statistics(self.train_part.images[self.train_part.index])

    @cached_property
    def usual_traits(self) -> dict[str, list[float]]:
        """Return what the pictures of the training part look like (`icv_lightning.data.traits`)."""
        part = self.train_part
        return usual(part.images[part.index[spaced(len(part), SAMPLE)]].cpu(), self.sampled_files)


def channel_statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation per channel of uint8 images, in grey levels, exactly."""
    levels = torch.arange(256, dtype=torch.float64)
    counts = torch.stack([channel.flatten().bincount(minlength=256) for channel in images.unbind(1)])
    weights = counts.double() / counts.sum(1, keepdim=True)
    mean = weights @ levels
    variance = (weights * (levels - mean[:, None]) ** 2).sum(1)
    return mean.float(), variance.sqrt().float()
