"""What the commands that take a checkpoint and pictures share: arguments, and the model."""

import argparse
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from icv_lightning.errors import UserError
from icv_lightning.records.checkpoints import checkpoint_file

if TYPE_CHECKING:
    from icv_lightning.recognition.embedding_model import EmbeddingModel
    from icv_lightning.recognition.picture_files import PictureFiles

CHECKPOINT = "a run's folder (then the weights that its final test measured), or one of its checkpoints"


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """Add --checkpoint, and --trust for what it may name."""
    parser.add_argument("--checkpoint", type=checkpoint, required=True, help=CHECKPOINT)
    add_trust(parser)


def add_trust(parser: argparse.ArgumentParser) -> None:
    """Add --trust."""
    parser.add_argument(
        "--trust", action="append", default=[], metavar="PACKAGE.MODULE",
        help="a module outside this package whose networks, losses, centroid rules and data sets a "
        "checkpoint or record may name: its code is run; may be repeated",
    )  # fmt: skip


def with_trust(command: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """Return the command, in which files may name what --trust says."""

    def trusting_command(arguments: argparse.Namespace) -> int:
        from icv_lightning.records.trust import trusting

        with trusting(arguments.trust):
            return command(arguments)

    return trusting_command


def checkpoint(text: str) -> Path:
    """Read a checkpoint's path, or that of a run's folder, as an argument."""
    try:
        return checkpoint_file(Path(text))
    except UserError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_images(parser: argparse.ArgumentParser) -> None:
    """Add the pictures, and what computes them."""
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:1, mps")
    parser.add_argument(
        "--batch-size", type=number(int, 1), default=256, help="pictures at once (default: 256)"
    )
    parser.add_argument("images", type=Path, nargs="+", help="pictures, or folders to be searched through")


def number(kind: type[int] | type[float], low: float, below: float = math.inf) -> Callable[[str], float]:
    """Return a reader of numbers of at least `low` and below `below`."""
    allowed = f"{'an integer' if kind is int else 'a number'} of at least {low}"
    allowed += "" if below == math.inf else f" and below {below}"

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = kind(-1)
        if not low <= value < below:
            raise argparse.ArgumentTypeError(f"{text}: must be {allowed}")
        return value

    return read


def load(checkpoint: Path, device: str = "cpu", batch_size: int = 256) -> "EmbeddingModel":
    """Return the model in `checkpoint`; raise `UserError` where it or the device is not there."""
    import torch

    from icv_lightning.recognition.embedding_model import EmbeddingModel

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UserError(f"--device {device}: {str(error).splitlines()[0]}") from error
    model = EmbeddingModel.load(checkpoint, device)
    model.batch_size = batch_size
    return model


def status_of(files: "PictureFiles") -> int:
    """Return 0, or 1 after saying on stderr how many files could not be read."""
    if files.unreadable:
        print(f"{files.unreadable} of {len(files.files)} files could not be read", file=sys.stderr)
    return 1 if files.unreadable else 0
