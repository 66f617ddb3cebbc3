"""What the commands that take a checkpoint and pictures share: arguments, exit statuses, the model."""

import argparse
import math
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from icv_lightning.errors import UserError
from icv_lightning.records.checkpoint_files import WEIGHTS, checkpoint_file

if TYPE_CHECKING:
    from icv_lightning.recognition.embedding_model import EmbeddingModel
    from icv_lightning.recognition.picture_files import PictureFiles


def run(parser: argparse.ArgumentParser, command: Callable[[argparse.Namespace], int]) -> None:
    """Run a command and exit with what it returns, or with 2 and one line on what is wrong."""
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore", "Image size")  # Pillow's, of large pictures that it reads all the same
    try:
        if getattr(arguments, "checkpoint", None):
            arguments.checkpoint = checkpoint_file(arguments.checkpoint, arguments.weights)
        status = command(arguments)
        sys.stdout.flush()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        status = 2
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    sys.exit(status)


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """Add --checkpoint and --weights; `run` makes one file of them."""
    parser.add_argument(
        "--checkpoint",
        type=Path,
        required=True,
        help="a run's folder, outputs/<name>/<cell>, or a checkpoint",
    )
    add_weights(parser)


def add_weights(parser: argparse.ArgumentParser) -> None:
    """Add --weights."""
    parser.add_argument(
        "--weights", choices=WEIGHTS, help="of a run's folder; default: those that its final test measured"
    )


def add_images(parser: argparse.ArgumentParser) -> None:
    """Add the pictures, and what computes them."""
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:1, mps")
    parser.add_argument(
        "--batch-size", type=number(int, 1, math.inf), default=256, help="pictures at once (default: 256)"
    )
    parser.add_argument("images", type=Path, nargs="+", help="pictures, or folders to be searched through")


def number(kind: type[int] | type[float], low: float, below: float) -> Callable[[str], float]:
    """Return what reads a number of at least `low` and below `below`."""
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
