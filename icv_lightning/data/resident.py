"""Images kept on the GPU that trains, and batches gathered there."""

import itertools
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import Sampler

from icv_lightning.data.images import Batch, InMemoryImages

MEMORY_SHARE = 0.25  # of the GPU's free memory that images may take


class ResidentBatches:
    """Batches as a `DataLoader` of the same part and sampler gives them, bit for bit.

    An epoch's order is copied to the device once; nothing else there waits for the host.

    Args:
        part: images, on any device, that nothing transforms.
        batch_sampler: the positions of each batch.
    """

    def __init__(self, part: InMemoryImages, batch_sampler: Sampler[list[int]]) -> None:
        self.part, self.batch_sampler = part, batch_sampler

    def __len__(self) -> int:
        return len(self.batch_sampler)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Batch]:
        batches = list(self.batch_sampler)
        positions = torch.tensor(list(itertools.chain.from_iterable(batches)), dtype=torch.int64)
        index = self.part.index[positions.to(self.part.index.device)]
        for rows in torch.split(index, [len(batch) for batch in batches]):
            yield self.part.images[rows], self.part.all_target[rows]  # type: ignore[index]


class Residence:
    """Copies of images on a GPU, each made once.

    Args:
        device: device that computes; on any but a GPU nothing is copied.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._copies: dict[int, Tensor] = {}

    def of(self, part: InMemoryImages) -> InMemoryImages | None:
        """Return the part there; None where images are changed, decoded when they come, or too many."""
        images = part.images
        changed = part.transform is not None or part.augment is not None
        if self.device.type != "cuda" or changed or not isinstance(images, Tensor):
            return None
        if id(images) not in self._copies:
            free, _ = torch.cuda.mem_get_info(self.device)
            if images.nbytes > MEMORY_SHARE * free:
                return None
            self._copies[id(images)] = images.to(self.device)
        own = self._copies[id(images)]
        return InMemoryImages(own, part.all_target.to(self.device), part.index.to(self.device))
