"""The command `python -m icv_lightning.export --checkpoint C`: an ONNX file that needs none of this."""

import argparse
from pathlib import Path

from icv_lightning.command_line import add_checkpoint, load, with_trust
from icv_lightning.errors import check_installed
from icv_lightning.escaping import printable
from icv_lightning.terminal.exit_status import run
from icv_lightning.terminal.suggestions import suggest

LIBRARIES = ("onnx", "onnxruntime", "onnxscript")


def main() -> None:
    """Write and check the file; exit with 0, or 2 and one line on what is wrong."""
    run(parser(), with_trust(_export))


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    found = argparse.ArgumentParser(
        prog="python -m icv_lightning.export",
        description="Write a checkpoint, with the classes enrolled beside it, as an ONNX file, and compare "
        "its outputs with PyTorch's.",
    )
    add_checkpoint(found)
    found.add_argument("--output", type=Path, help="default: last.onnx beside last.ckpt")
    return found


def _export(arguments: argparse.Namespace) -> int:
    check_installed(LIBRARIES, "needs", "export")
    from icv_lightning.recognition.onnx_file import write_onnx

    model = load(arguments.checkpoint)
    path = arguments.output or arguments.checkpoint.with_suffix(".onnx")
    for name, difference in write_onnx(model, path).items():
        print(f"{name}: differs from PyTorch by {difference:.1e} at most")
    print(printable(str(path)))
    known = ("--checkpoint", arguments.checkpoint)
    suggest(
        ("icv_lightning.predict", *known, "pictures/"),
        ("icv_lightning.enroll", *known, "--name", "NAME", "pictures/"),
        ("icv_lightning.predict", *known, "--embeddings", "vectors.npz", "pictures/"),
    )
    return 0


if __name__ == "__main__":
    main()
