"""What may come next: the last lines of a command in a terminal, ready to copy."""

import os
import shlex
import sys
from collections.abc import Sequence

QUIET = "ICV_QUIET"  # set in the environment: suggest nothing


def suggest(*commands: Sequence[object]) -> None:
    """Print commands to standard error where a person reads both outputs in a terminal, else nothing.

    Args:
        commands: of each the module that Python starts and its arguments.
    """
    if QUIET in os.environ or not (sys.stdout.isatty() and sys.stderr.isatty()):
        return
    sys.stdout.flush()
    print("next:", file=sys.stderr)
    for words in commands:
        print("  python -m", shlex.join(map(str, words)), file=sys.stderr)
