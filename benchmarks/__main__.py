"""All that a machine without a GPU can measure: `python -m benchmarks`, or `make bench`."""

import subprocess
import sys

from benchmarks import written

SCRIPTS = {
    "startup": [],
    "fixed_costs": [],
    "import_time": [],
    "loading": [],
    "augmentation": [],
    "steps": [],
    "floor": [],
    "runs": [],
    "workers": [],
    "many_classes": [],
    "report_time": [],
    "own_pictures": [],
}


def main() -> None:
    """Run each script in a process of its own; exit with 1 if any failed."""
    failed = []
    for name, arguments in SCRIPTS.items():
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments]).returncode:
            failed.append(name)
    written.summary()
    print(f"failed: {', '.join(failed)}" if failed else "all ran")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
