"""The command `python -m icv_lightning.enroll --checkpoint C --name N images…`: a class without training."""

import argparse

from icv_lightning.command_line import add_checkpoint, add_images, load, status_of, with_trust
from icv_lightning.errors import UserError, naming
from icv_lightning.escaping import printable
from icv_lightning.terminal.exit_status import run
from icv_lightning.terminal.suggestions import suggest


def main() -> None:
    """Add a class to the gallery; exit with 0, 1 (a picture could not be read) or 2 (a wrong argument)."""
    run(parser(), with_trust(_enroll))


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    found = argparse.ArgumentParser(
        prog="python -m icv_lightning.enroll",
        description="Add a class, or pictures to one that was added, to the gallery file beside a "
        "checkpoint, which stays untouched. Predictions know the class from then on.",
    )
    add_checkpoint(found)
    found.add_argument("--name", required=True, help="name of the class")
    found.add_argument("--replace", action="store_true", help="forget the pictures enrolled before")
    add_images(found)
    return found


def _enroll(arguments: argparse.Namespace) -> int:
    from icv_lightning.recognition.picture_files import PictureFiles

    model, name = load(arguments.checkpoint, arguments.device, arguments.batch_size), arguments.name
    files = PictureFiles(arguments.images, model.picture_input, model.batch_size, model.usual)
    if arguments.replace and name in model.gallery.names:
        model.gallery.remove(name)
    with naming("--name: "):
        for _, images in files:
            model.enroll(images, name)
    if files.unreadable == len(files.files):
        raise UserError("none of these files could be read; nothing was enrolled")
    path = model.save_gallery()
    for known, count in zip(model.gallery.names, model.gallery.counts, strict=True):
        print(f"{printable(known)}: {count} pictures")
    print(path)
    given = ("--checkpoint", arguments.checkpoint)
    suggest(
        ("icv_lightning.predict", *given, "pictures/"),
        ("icv_lightning.predict", *given, "--false-rejection-rate", 0.05, "--keep-threshold", "pictures/"),
        ("icv_lightning.export", *given),
    )
    return status_of(files)


if __name__ == "__main__":
    main()
