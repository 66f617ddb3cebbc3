"""`python -m tests.faults.kills`: a grid stopped at random moments, as a user would, until it is done.

Some stops hit a start as a user makes it, imports included, the others one that is forked with imports done.
After each the files that bear a name are read; at the end results and metrics.csv are compared with those of
a grid that nobody touched. Then two commands work on one folder, and one of them is killed. Prints a line for
each stop, and exits with 1 where anything differs.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.conftest import ROOT, TINY
from tests.faults.strikes import begun, broken, facts, noted, run

EPOCHS, CELLS = 3, 3
GRID = [
    "-m", *TINY, "threads=1", f"trainer.max_epochs={EPOCHS}", "loss.lambda=0,0.05,0.5",
    "+callbacks.spy={_target_:tests.spies.NoteEpochs}",
]  # fmt: skip
LAUNCHERS = ("basic", "joblib")
SECONDS_TO_END = (
    20.0  # after Ctrl-C or SIGTERM, on a busy machine: most of it is the end of the interpreter itself
)


def start(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    """Start the grid in `folder` as a user does, imports included; what it says is in `folder/said`."""
    surroundings = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    said = (folder / "said").open("wb")
    return subprocess.Popen(
        [sys.executable, "-m", "icv_lightning.run", *GRID, *more],
        cwd=folder, env=surroundings, stdout=said, stderr=said, start_new_session=True,
    )  # fmt: skip


class Grid:
    """A grid that is stopped again and again; `wrong` holds what should not be."""

    def __init__(self, place: Path, calm: Path) -> None:
        self.place, self.outputs, self.calm = place, place / "outputs", calm / "outputs"
        self.stops, self.wrong = 0, list[str]()
        place.mkdir()

    def stop(self, signum: int, delay: float, fresh: bool) -> bool:
        """Start it and stop it after `delay` seconds; return whether it was still at work."""
        process = start(self.place) if fresh else begun(self.place, GRID)
        time.sleep(delay)
        at_work = (process.poll() if isinstance(process, subprocess.Popen) else process.exitcode) is None
        if at_work:
            assert process.pid is not None
            os.kill(process.pid, signum)
        asked = time.monotonic()
        status = process.wait(120) if isinstance(process, subprocess.Popen) else _joined(process)
        took = time.monotonic() - asked
        self.stops += at_work
        text = (self.place / "said").read_text().rstrip()
        name = signal.Signals(signum).name if at_work else "ended before"
        begun_so_far, last = noted(self.outputs, "epoch"), text.splitlines()[-1][:80] if text else ""
        print(
            f"{name} after {delay:.2f} s of {'a start' if fresh else 'work'}: exit {status} in {took:.1f} s, "
            f"{begun_so_far} epochs begun | {last}",
            flush=True,
        )
        self.wrong += broken(self.outputs)
        self.wrong += [f"a traceback: {text}"] * ("Traceback" in text)
        done = last.startswith("folder: ") and "goes on" not in text  # only the interpreter was left to end
        if at_work and signum != signal.SIGKILL and not done:
            before_main = status == -signum and not text  # Python itself was being loaded
            self.wrong += [f"exit {status}: {text}"] * (status not in (130, 0) and not before_main)
            self.wrong += [f"{took:.1f} s to end"] * (took > SECONDS_TO_END)
            self.wrong += [f"no word on how to go on: {text}"] * (status == 130 and "goes on" not in text)
        return at_work

    def end(self) -> list[str]:
        """Let it end, then start it once more; return all that is wrong."""
        status, fits = run(self.place, GRID), noted(self.outputs, "fit")
        epochs, again = noted(self.outputs, "epoch"), run(self.place, GRID)
        self.wrong += [f"at the end: exit {status}, once more: {again}"] * any((status, again))
        self.wrong += ["differs from the undisturbed grid"] * (facts(self.outputs) != facts(self.calm))
        self.wrong += ["epochs trained needlessly"] * (epochs > CELLS * EPOCHS + self.stops)
        self.wrong += ["a completed cell was opened again"] * (noted(self.outputs, "fit") != fits)
        self.wrong += broken(self.outputs)
        print(
            f"{self.place.name}: {self.stops} stops, {epochs} epochs begun of {CELLS * EPOCHS}, {fits} fits"
        )
        return [f"{self.place.name}: {fault}" for fault in self.wrong]


def _joined(process: BaseProcess) -> int | None:
    process.join(120)
    return process.exitcode


def stops(
    folder: Path, signum: int, fresh: int, times: int, lengths: tuple[float, float], draw: random.Random
) -> list[str]:
    """Stop grids, one after another: `fresh` times a start with its imports, `times` in all."""
    wrong, done, grids = [], 0, 0
    grid = None
    while done < times:
        grid = grid or Grid(folder / f"{signal.Signals(signum).name}{grids}", folder / "calm")
        is_fresh = done < fresh
        delay = draw.uniform(0.1, 1.0) * lengths[not is_fresh]
        at_work = grid.stop(signum, delay, is_fresh)
        done += at_work
        if not at_work or done == times:
            wrong, grid, grids = wrong + grid.end(), None, grids + 1
    return wrong


def two_at_once(folder: Path, launcher: str, delay: float | None) -> list[str]:
    """Start two grids on one folder; with `delay`, kill one of them then; return what is wrong."""
    place = folder / f"two-{launcher}-{delay is not None}"
    place.mkdir()
    both = [start(place, f"hydra/launcher={launcher}", "workers=2") for _ in range(2)]
    if delay is not None:
        time.sleep(delay)
        both[0].kill()  # its workers, if any, are orphans then
    status = [process.wait(300) for process in both]
    epochs, orphans = noted(place / "outputs", "epoch"), _end_orphans([process.pid for process in both])
    print(
        f"two commands, {launcher}, killed {delay}: exit {status}, {epochs} epochs begun, {orphans} orphans",
        flush=True,
    )
    wrong = [f"{place.name}: exit {status}"] * (
        status[delay is not None :] != [0] * (2 - (delay is not None))
    )
    wrong += [f"{place.name}: {epochs} epochs"] * (epochs > CELLS * EPOCHS + (0 if delay is None else CELLS))
    wrong += [f"{place.name}: differs"] * (facts(place / "outputs") != facts(folder / "calm" / "outputs"))
    return wrong + broken(place / "outputs")


def _end_orphans(groups: list[int], patience: float = 20.0) -> int:
    """Wait for process groups to end by themselves, then end what is left; return of how many."""
    until = time.monotonic() + patience
    while groups:
        groups = [group for group in groups if _reached(group, 0)]
        if time.monotonic() > until:
            return sum(_reached(group, signal.SIGKILL) for group in groups)
        time.sleep(0.2)
    return 0


def _reached(group: int, signum: int) -> bool:
    try:
        os.killpg(group, signum)
    except ProcessLookupError:
        return False
    return True


def ctrl_c_with_workers(folder: Path, delay: float) -> list[str]:
    """Press Ctrl-C, which reaches the workers of a terminal's command too; then go on."""
    place = folder / "workers"
    place.mkdir()
    process = start(place, "hydra/launcher=joblib", "workers=2")
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGINT)
    asked = time.monotonic()
    status, took = process.wait(120), time.monotonic() - asked
    orphans, text = _end_orphans([process.pid]), (place / "said").read_text()
    print(f"Ctrl-C with joblib's workers: exit {status} in {took:.1f} s, {orphans} orphans", flush=True)
    wrong = [f"joblib: exit {status}: {text}"] * (status != 130) + ["joblib: orphans"] * bool(orphans)
    wrong += ["joblib: no word on how to go on"] * ("goes on" not in text)
    wrong += ["joblib: cannot go on"] * (run(place, GRID) != 0) + broken(place / "outputs")
    return wrong + ["joblib: differs"] * (facts(place / "outputs") != facts(folder / "calm" / "outputs"))


def main() -> None:
    """Stop, compare, report."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kills", description=__doc__)
    parser.add_argument("--kill", type=int, default=20, help="SIGKILL so often (default: 20)")
    parser.add_argument("--stop", type=int, default=6, help="SIGTERM, and Ctrl-C, so often (default: 6)")
    parser.add_argument("--fresh", type=int, default=4, help="so many of each with imports (default: 4)")
    parser.add_argument("--no-pairs", action="store_true", help="without two commands on one folder")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    arguments = parser.parse_args()
    draw, wrong = random.Random(arguments.seed), list[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lengths = undisturbed(folder)
        for signum in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
            times = arguments.kill if signum == signal.SIGKILL else arguments.stop
            wrong += stops(folder, signum, min(arguments.fresh, times), times, lengths, draw)
        for launcher in () if arguments.no_pairs else LAUNCHERS:
            for delay in (None, 0.6 * lengths[0]):
                wrong += two_at_once(folder, launcher, delay)
        wrong += [] if arguments.no_pairs else ctrl_c_with_workers(folder, 0.7 * lengths[0])
    print("\n".join(wrong) or "nothing differs")
    sys.exit(bool(wrong))


def undisturbed(folder: Path) -> tuple[float, float]:
    """Run the grid in `folder/calm`; return the seconds that it takes with imports, and without."""
    for place in ("warm", "calm", "whole"):
        (folder / place).mkdir()
    assert run(folder / "warm", GRID) == 0  # the fork server's imports are done after this
    began = time.monotonic()
    assert run(folder / "calm", GRID) == 0, (folder / "calm" / "said").read_text()
    work, began = time.monotonic() - began, time.monotonic()
    assert start(folder / "whole").wait(300) == 0
    whole = time.monotonic() - began
    print(
        f"undisturbed: {work:.1f} s of work, {whole:.1f} s with imports, {CELLS * EPOCHS} epochs", flush=True
    )
    return whole, work


if __name__ == "__main__":
    main()
