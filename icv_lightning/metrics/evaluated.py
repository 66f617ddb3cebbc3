"""What an evaluation computed of every image, for all who write or draw it."""

from collections.abc import Mapping

from torch import Tensor

from icv_lightning.distributed import joined_batches

PARTS = ("train", "watched")


class EvaluatedBatches:
    """The batches of both parts of an evaluation; they stay on their device until somebody asks."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._batches: tuple[list[dict[str, Tensor]], ...] = ([], [])

    def add(self, part: int, batch: Mapping[str, Tensor]) -> None:
        """Keep a batch of the fixed part of train (0) or of the watched part (1)."""
        self._batches[part].append({key: value.detach() for key, value in batch.items()})

    def rows(self) -> dict[str, Tensor]:
        """Return all rows as `train_<key>` and `watched_<key>`, of all processes, each of which must ask."""
        return {
            f"{name}_{key}": rows
            for name, batches in zip(PARTS, self._batches, strict=True)
            if batches
            for key, rows in joined_batches(batches).items()
        }
