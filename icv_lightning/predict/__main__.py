"""The command `python -m icv_lightning.predict --checkpoint C images…|folder`: classes of pictures."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from icv_lightning.command_line import add_checkpoint, add_images, load, number, status_of, with_trust
from icv_lightning.errors import UserError
from icv_lightning.predict.embeddings_file import EmbeddingsFile
from icv_lightning.predict.formats import COLUMNS, WRITERS
from icv_lightning.terminal import streams
from icv_lightning.terminal.exit_status import run
from icv_lightning.terminal.suggestions import suggest

if TYPE_CHECKING:
    from icv_lightning.recognition.embedding_model import EmbeddingModel
    from icv_lightning.recognition.picture_files import PictureFiles


def main() -> None:
    """Write a row for each picture; exit with 0, 1 (one could not be read) or 2 (a wrong argument)."""
    run(parser(), with_trust(_predict))


def _predict(arguments: argparse.Namespace) -> int:
    from icv_lightning.recognition.picture_files import PictureFiles

    kept = EmbeddingsFile(arguments.embeddings) if arguments.embeddings else None
    model = load(arguments.checkpoint, arguments.device, arguments.batch_size)
    files = PictureFiles(arguments.images, model.picture_input, model.batch_size, model.usual)
    files.quiet = arguments.format != "table" and sys.stdout.isatty()  # rows come meanwhile
    threshold = _threshold(model, arguments)
    classes = model.class_names if arguments.all_probabilities else []
    WRITERS[arguments.format](_rows(model, files, threshold, bool(classes), kept), classes)
    if kept:
        kept.write()
    known = ("--checkpoint", arguments.checkpoint)
    suggest(
        ("icv_lightning.enroll", *known, "--name", "NAME", "pictures/"),
        (
            "icv_lightning.predict",
            *known,
            "--false-rejection-rate",
            0.05,
            "--keep-threshold",
            *arguments.images,
        ),
        ("icv_lightning.export", *known),
    )
    return status_of(files)


def _threshold(model: "EmbeddingModel", arguments: argparse.Namespace) -> float | None:
    """Return the threshold asked for, or the gallery's; say what it is worth, and keep it where asked to."""
    from icv_lightning.evaluation.conformal import promised
    from icv_lightning.recognition.threshold import fitted_threshold, rejected

    given, rate, said = arguments.threshold, arguments.false_rejection_rate, ""
    if rate is not None:
        given, count = fitted_threshold(model, arguments.checkpoint, rate, arguments.validation)
        said = f"of further known images at most {promised(rate, count):.3g}, by {count} validation images"
    threshold = model.gallery.threshold if given is None else given
    if threshold is None:
        if option := next((o for o in ("unknown", "keep_threshold") if getattr(arguments, o)), None):
            needed = "a threshold, by --threshold or --false-rejection-rate"
            raise UserError(f"--{option.replace('_', '-')}: needs {needed}")
        return None
    if arguments.unknown:
        found, count = rejected(model, arguments.unknown, threshold)
        said = "; ".join(filter(None, [said, f"{found} of {count} pictures of unknown kinds are rejected"]))
    if said:
        print(f"threshold {threshold:.6g}: {said}", file=sys.stderr)
    if arguments.keep_threshold:
        model.gallery.threshold = threshold
        print(f"threshold {threshold:.6g} is kept in {model.save_gallery()}", file=sys.stderr)
    return threshold


def _rows(
    model: "EmbeddingModel", files: "PictureFiles", threshold: float | None, all_of_them: bool,
    kept: EmbeddingsFile | None,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    for paths, images in files:
        if streams.reader_is_gone() and not kept:
            return
        found = model.predict(images, threshold)
        numbers = [x.tolist() for x in (found.probabilities, found.distances, found.margin, found.unknown)]
        columns = (map(str, paths), found.names, numbers[0], found.nearest, *numbers[1:])
        for position, values in enumerate(zip(*columns, strict=True)):
            row = dict(zip(COLUMNS, values, strict=True))
            if kept:
                kept.add(row, found.embeddings[position].numpy())
            if all_of_them:
                shares = found.all_probabilities[position].tolist()
                row["probabilities"] = dict(zip(model.class_names, shares, strict=True))
            yield row


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    found = argparse.ArgumentParser(
        prog="python -m icv_lightning.predict",
        description="Class by score with its probability; nearest centroid, enrolled classes included, with "
        "its distance and the margin to the second.",
    )
    add_checkpoint(found)
    add_images(found)
    found.add_argument("--format", choices=WRITERS, default="table", help="json writes a line per picture")
    found.add_argument(
        "--all-probabilities", action="store_true", help="print the probability of every trained class"
    )
    found.add_argument(
        "--embeddings", type=Path, metavar="FILE",
        help="write the embeddings, too: .npy (the matrix alone), .npz or .parquet (with all columns)",
    )  # fmt: skip
    either = found.add_mutually_exclusive_group()
    either.add_argument(
        "--threshold", type=number(float, 0), help="beyond this distance a picture is unknown"
    )
    either.add_argument(
        "--false-rejection-rate", type=number(float, 0, 1), metavar="RATE",
        help="choose the threshold that calls at most this share of validation images unknown",
    )  # fmt: skip
    found.add_argument(
        "--validation", type=Path, metavar="FOLDER",
        help="a folder per class to choose it on; default: the validation part of the run (data.val_size)",
    )  # fmt: skip
    found.add_argument(
        "--unknown", type=Path, metavar="FOLDER",
        help="pictures of other kinds: say how many of them the threshold rejects",
    )  # fmt: skip
    found.add_argument(
        "--keep-threshold", action="store_true",
        help="keep the threshold in the gallery beside the checkpoint, for later predictions and exports",
    )  # fmt: skip
    return found


if __name__ == "__main__":
    main()
