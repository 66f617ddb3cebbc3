"""`python -m tests.faults.mutants [paths…] [--list]`: break each formula once; a test must notice.

Without paths all modules of losses, centroids, metrics and variability, and `neural_collapse`. Each of
their breaks (`breaks.py`) runs in a process of its own, forked once everything but the package and its
tests is imported: the module's own tests (`tests/<folder>/test_<module>.py`), then its folder's, then
`BEYOND`, none of them slow, until one fails or does not end. Prints what no test notices, and exits with 1
where any of that is not in `equivalent_mutants.txt`: breaks that change nothing a test could see, each
below its reason. Hypothesis takes the examples of a plain test run.
"""

import argparse
import contextlib
import gc
import importlib
import importlib.machinery
import importlib.util
import os
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.faults.breaks import Break, breaks

ROOT = Path(__file__).resolve().parent.parent.parent
KNOWN = Path(__file__).with_name("equivalent_mutants.txt")
FOLDERS = ("losses", "centroids", "metrics", "variability")
PACKAGE = [path for folder in FOLDERS for path in sorted((ROOT / "icv_lightning" / folder).glob("*.py"))]
PACKAGE += [ROOT / "icv_lightning" / "evaluation" / "neural_collapse.py"]
BEYOND = (
    "test_center_losses",
    "test_shapes",
    "test_distributed",
    "recognition/test_nearest_centroid_classifier",
)
SECONDS = 120  # of the processor; what does not end by then would hang a test run too


class Broken(importlib.machinery.SourceFileLoader):
    """Finds a module before others do, and gives it the code of its break."""

    def __init__(self, broken: Break) -> None:
        name = ".".join(broken.path.relative_to(ROOT).with_suffix("").parts)
        super().__init__(name, str(broken.path))
        self.code = broken.code
        sys.meta_path.insert(0, self)  # type: ignore[arg-type]

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)

    def get_code(self, fullname: str) -> Any:
        return self.code


class Unshrunk:
    """A pytest plugin: what fails is not looked into, and slow examples are no failure."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        plain, phases = hypothesis.settings.default, [hypothesis.Phase.explicit, hypothesis.Phase.generate]
        checks = list(hypothesis.HealthCheck)
        hypothesis.settings.register_profile("mutants", plain, phases=phases, suppress_health_check=checks)
        hypothesis.settings.load_profile("mutants")


def outcome(tests: list[Path], silent: bool) -> int:
    """Return pytest's exit code for these tests; in a child, for it imports package and tests."""
    if silent:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1), os.dup2(1, 2)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    signal.alarm(10 * SECONDS)  # where it waits for ever
    with tempfile.TemporaryDirectory() as place:
        options = ["-x", "-q", "--tb=no", "-m", "not slow", f"--basetemp={place}/base"]
        for plugin in ("cacheprovider", "unraisableexception", "threadexception"):
            options += ["-p", f"no:{plugin}"]
        return int(pytest.main([*options, *map(str, tests)], plugins=[Unshrunk()]))


def rounds(path: Path) -> list[list[Path]]:
    """Return the tests of a module, nearest first."""
    folder = ROOT / "tests" / path.parent.name
    own = folder / f"test_{path.stem}.py"
    return [[own]] * own.exists() + [[folder], [ROOT / "tests" / f"{name}.py" for name in BEYOND]]


def import_all_but_the_package(folders: set[str]) -> None:
    """Run the tests of `folders` in a child, nothing broken, and import here what they imported."""
    read, write = os.pipe()
    if not (pid := os.fork()):
        code = outcome([ROOT / "tests" / folder for folder in folders] + rounds(ROOT)[-1], silent=False)
        os.write(write, " ".join(["" if code else "whole", *sys.modules]).encode())
        os._exit(code)
    os.close(write)
    with os.fdopen(read) as lines:
        whole, *names = lines.read().split(" ")
    os.waitpid(pid, 0)
    if not whole:
        raise SystemExit("tests fail with nothing broken")
    for name in names:
        if name.split(".")[0] not in ("icv_lightning", "tests", "__main__"):
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    gc.collect(), gc.freeze()  # children need not go through all that again


def unnoticed(found: list[Break], workers: int) -> Iterator[Break]:
    """Yield the breaks that no test notices."""
    waiting, running = deque((broken, 0) for broken in found), dict[int, tuple[Break, int]]()
    while waiting or running:
        while waiting and len(running) < workers:
            broken, turn = waiting.popleft()
            if not (pid := os.fork()):
                Broken(broken)
                os._exit(outcome(rounds(broken.path)[turn], silent=True))
            running[pid] = broken, turn
        pid, status = os.wait()
        broken, turn = running.pop(pid)
        if status == 0 and turn + 1 < len(rounds(broken.path)):
            waiting.appendleft((broken, turn + 1))
        elif status == 0:
            yield broken


def main() -> int:
    """Break, test, and print what nothing notices."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.mutants")
    parser.add_argument("paths", nargs="*", type=Path, help="modules of the package")
    parser.add_argument("--list", action="store_true", help="print the breaks and test nothing")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    found = [broken for path in arguments.paths or PACKAGE for broken in breaks(path.resolve())]
    if arguments.list:
        print(*found, sep="\n")
        return 0
    import_all_but_the_package({broken.path.parent.name for broken in found})
    known, count = set(KNOWN.read_text().splitlines()), {True: 0, False: 0}
    for broken in unnoticed(found, arguments.workers):
        count[str(broken) in known] += 1
        if str(broken) not in known:
            print(f"{broken.path.relative_to(ROOT)}:{broken.line}  {broken.text}", flush=True)
    noticed = len(found) - sum(count.values())
    print(f"{len(found)} breaks: {noticed} noticed, {count[True]} equivalent, {count[False]} not noticed")
    return int(count[False] > 0)


if __name__ == "__main__":
    sys.exit(main())
