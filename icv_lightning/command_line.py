"""What all commands share: how they end, with one line and a status; arguments; a checkpoint's model."""

import argparse
import logging
import math
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from icv_lightning import streams
from icv_lightning.errors import UserError, one_line
from icv_lightning.escaping import printable
from icv_lightning.run import stopping

if TYPE_CHECKING:
    from icv_lightning.recognition.embedding_model import EmbeddingModel
    from icv_lightning.recognition.picture_files import PictureFiles

FAILED, WRONG_INPUT, STOPPED = 1, 2, 130
TRACEBACK = "ICV_TRACEBACK"  # set in the environment: print the traceback of an error that nobody foresaw


def finish(work: Callable[[], int], stopped: str = "stopped") -> NoReturn:
    """Do the work of a command and exit with the status that it returns.

    Wrong input (`UserError`) exits with 2, any other error with 1, Ctrl-C, SIGTERM and SIGHUP with 130; each
    says one line on standard error. Standard output that is closed or full ends nothing: a reader that has
    seen enough is no error, output that could not be written makes a status of 0 a 1.

    Args:
        work: returns 0, or 1 after saying what failed.
        stopped: the line after a signal.
    """
    output = streams.protect()
    stopping.listen()
    logging.raiseExceptions = False  # a log that cannot be written is no second failure
    try:
        status = work()
        sys.stdout.flush()
    except KeyboardInterrupt:
        status = _end(stopped, STOPPED)
    except SystemExit as end:  # of argparse and Hydra, which have said why
        status = end.code if isinstance(end.code, int) else int(bool(end.code))
    except UserError as error:
        status = _end(f"error: {error}", WRONG_INPUT)
    except Exception as error:
        status = _end(f"error: {_words(error)}", FAILED)
    if output and output.lost and not status:
        status = _end(f"error: standard output: {output.lost}", FAILED)
    sys.exit(status)


def run(parser: argparse.ArgumentParser, command: Callable[[argparse.Namespace], int]) -> NoReturn:
    """Read the arguments and do a command's work; see `finish`."""
    warnings.filterwarnings("ignore", "Image size")  # Pillow's, of large pictures that it reads all the same
    finish(lambda: command(parser.parse_args()))


def _end(line: str, status: int) -> int:
    print(printable(line), file=sys.stderr)
    return status


def _words(error: Exception) -> str:
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'files'}: {error.strerror}"
    return f"{type(error).__name__}: {one_line(error)}"


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """Add --checkpoint."""
    parser.add_argument(
        "--checkpoint", type=Path, required=True, help="outputs/<name>/<cell>/checkpoints/last.ckpt"
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
