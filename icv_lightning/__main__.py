"""The command `icv-lightning <verb>`, which is `python -m icv_lightning.<verb>`.

Nothing of a command is imported before it is chosen.
"""

import runpy
import sys
from difflib import get_close_matches

import icv_lightning
from icv_lightning.errors import UserError
from icv_lightning.terminal.exit_status import WRONG_INPUT, ending

VERBS = {
    "run": "Train and test a network, or a grid of them with -m",
    "report": "Tables, figures, page and explorer of the runs in a folder",
    "predict": "Classes of pictures by a trained network",
    "enroll": "Add a class to a trained network from a few pictures, without training",
    "export": "Write a trained network as an ONNX file",
    "search": "Look for the best settings on a validation part",
    "audit": "Measure embeddings of any model, or compare two",
    "unseen": "Measure runs on classes that they never saw",
    "verify": "Tell whether two pictures show one person, and measure how well",
    "dashboard": "Save a W&B workspace for the runs of a project",
    "completion": "Print the completion script of a shell",
}


def main() -> None:
    """Start the command that the first argument names; exit as it does, with 2 where there is none."""
    verb = sys.argv[1] if len(sys.argv) > 1 else ""
    if verb not in VERBS:
        with ending():
            sys.exit(_answer(verb))
    del sys.argv[1]
    runpy.run_module(f"icv_lightning.{verb}", run_name="__main__", alter_sys=True)


def _answer(word: str) -> int:
    """Answer what is no verb; return the exit status."""
    if word in ("-h", "--help"):
        print(usage())
    elif word == "--version":
        print(icv_lightning.__version__)
    elif word:
        raise UserError(_unknown(word))
    else:
        print(usage(), file=sys.stderr)
        return WRONG_INPUT
    return 0


def usage() -> str:
    """Return the verbs, a line each."""
    lines = [f"  {verb:<12}{meaning}" for verb, meaning in VERBS.items()]
    return "\n".join(
        ["Usage: icv-lightning <verb> [arguments]   (icv-lightning <verb> --help tells of one)", "", *lines]
    )


def _unknown(verb: str) -> str:
    if "=" in verb or verb == "-m":
        return f"{verb!r}: not a verb; settings belong to one: icv-lightning run {verb} …"
    near = get_close_matches(verb, VERBS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"must be one of {', '.join(VERBS)}"
    return f"{verb!r}: no such verb; {hint}"


if __name__ == "__main__":
    main()
