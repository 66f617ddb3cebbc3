"""P4: from command to first word (`--help`, `--cfg job`, a wrong key), and to the table of a smoke run.

python -m benchmarks.startup [--rounds 3]
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time

from benchmarks import written

COMMANDS = {
    "--help": ["--help"],
    "--cfg job": ["--cfg", "job"],
    "a wrong key": ["loss.lamda=1"],
    "smoke run": ["experiment=smoke"],
}


def seconds(arguments: list[str], first_word: bool) -> float:
    """Return the time to the first byte of output, or to the end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "icv_lightning.run", *arguments, f"paths.outputs={folder}"]
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert process.stdout is not None
        if first_word:
            process.stdout.read(1)
            found = time.perf_counter() - started
            process.communicate()
            return found
        process.communicate()
        return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    found: dict[str, list[float]] = {
        name: [seconds(arguments, name != "smoke run") for _ in range(given.rounds)]
        for name, arguments in COMMANDS.items()
    }
    rows = [
        (f"P4 {name}, seconds", statistics.median(times), "<= 15" if name == "smoke run" else "<= 1")
        for name, times in found.items()
    ]
    written.out("startup", rows, seconds=found)


if __name__ == "__main__":
    main()
