"""The command `python -m icv_lightning.predict --checkpoint C images…|folder`: classes of pictures."""

import argparse
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from icv_lightning.command_line import add_checkpoint, add_images, load, number, status_of
from icv_lightning.exit_status import run
from icv_lightning.predict.formats import COLUMNS, WRITERS

if TYPE_CHECKING:
    from icv_lightning.recognition.embedding_model import EmbeddingModel
    from icv_lightning.recognition.picture_files import PictureFiles


def main() -> None:
    """Write a row for each picture; exit with 0, 1 (one could not be read) or 2 (a wrong argument)."""
    run(_parser(), _predict)


def _predict(arguments: argparse.Namespace) -> int:
    from icv_lightning.recognition.picture_files import PictureFiles
    from icv_lightning.recognition.threshold import fitted_threshold

    model = load(arguments.checkpoint, arguments.device, arguments.batch_size)
    files = PictureFiles(arguments.images, model.picture_input, model.batch_size)
    threshold = arguments.threshold
    if (rate := arguments.false_rejection_rate) is not None:
        threshold, count = fitted_threshold(model, arguments.checkpoint, rate, arguments.validation)
        print(f"threshold {threshold:.6g}: {rate:g} of {count} validation images at most", file=sys.stderr)
    WRITERS[arguments.format](_rows(model, files, threshold))
    return status_of(files)


def _rows(
    model: "EmbeddingModel", files: "PictureFiles", threshold: float | None
) -> Iterator[dict[str, Any]]:
    for paths, images in files:
        found = model.predict(images, threshold)
        numbers = [x.tolist() for x in (found.probabilities, found.distances, found.margin, found.unknown)]
        columns = (map(str, paths), found.names, numbers[0], found.nearest, *numbers[1:])
        yield from (dict(zip(COLUMNS, row, strict=True)) for row in zip(*columns, strict=True))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m icv_lightning.predict",
        description="Class by score with its probability; nearest centroid, enrolled classes included, with "
        "its distance and the margin to the second.",
    )
    add_checkpoint(parser)
    add_images(parser)
    parser.add_argument("--format", choices=WRITERS, default="table", help="json: a line a picture")
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--threshold", type=number(float, 0, math.inf), help="beyond this distance a picture is unknown"
    )
    either.add_argument(
        "--false-rejection-rate", type=number(float, 0, 1), metavar="RATE",
        help="choose the threshold that calls at most this share of validation images unknown",
    )  # fmt: skip
    parser.add_argument(
        "--validation", type=Path, metavar="FOLDER",
        help="a folder per class to choose it on; default: the validation part of the run (data.val_size)",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    main()
