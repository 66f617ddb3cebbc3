"""`python -m tests.faults.kills`: a grid stopped at random moments, as a user would, until it is done.

Each stop is drawn from the whole length of a start, imports included. After each the files that bear a name
are read; at the end results and metrics.csv are compared with those of a grid that nobody touched. Then two
commands work on one folder, and one of them is killed. Prints a line for each stop, and exits with 1 where
anything differs.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import ROOT, TINY
from tests.faults.strikes import broken, facts, noted

EPOCHS, CELLS = 3, 3
GRID = [
    sys.executable, "-m", "icv_lightning.run", "-m", *TINY, "data.image_size=8", "threads=1",
    f"trainer.max_epochs={EPOCHS}", "loss.lambda=0,0.05,0.5",
    "+callbacks.spy={_target_:tests.spies.NoteEpochs}",
]  # fmt: skip
LAUNCHERS = ("basic", "joblib")


def start(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    """Start the grid in `folder`; what it says is added to `folder/said`."""
    folder.mkdir(exist_ok=True)
    surroundings = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    said = (folder / "said").open("ab")
    return subprocess.Popen(
        [*GRID, *more], cwd=folder, env=surroundings, stdout=said, stderr=said, start_new_session=True
    )


def stops(folder: Path, signum: int, times: int, length: float, draw: random.Random) -> list[str]:
    """Stop grids in folders below `folder`, one grid after another, and go on; return what is wrong."""
    wrong, calm, done, grid, here = [], facts(folder / "calm" / "outputs"), 0, 0, 0
    while done < times:
        place, delay = folder / f"{signal.Signals(signum).name}{grid}", draw.uniform(0.05, 1.0) * length
        process = start(place)
        time.sleep(delay)
        before = process.poll()
        if before is None:
            process.send_signal(signum)
            asked = time.monotonic()
            status = process.wait(120)
            took, done, here = time.monotonic() - asked, done + 1, here + 1
            said = (place / "said").read_text().rstrip().splitlines()
            epochs = noted(place / "outputs", "epoch")
            print(
                f"{signal.Signals(signum).name} after {delay:5.2f} s: exit {status} in {took:.1f} s, "
                f"{epochs} epochs begun | {said[-1] if said else ''}",
                flush=True,
            )
            wrong += [f"{place.name}: {fault}" for fault in broken(place / "outputs")]
            if signum != signal.SIGKILL:
                wrong += [f"{place.name}: exit {status}"] * (status not in (130, 0))
                wrong += [f"{place.name}: {took:.1f} s to end"] * (took > 10)
        else:
            wrong += [f"{place.name}: exit {before}"] * (before != 0)
        if before is not None or done == times:
            grid, wrong = grid + 1, wrong + ended(place, calm, here)
            here = 0
    return wrong


def ended(place: Path, calm: dict[str, tuple[object, ...]], struck: int) -> list[str]:
    """Let the grid end; return what differs from the undisturbed one, and epochs trained needlessly."""
    status = start(place).wait(300)
    fits, epochs = noted(place / "outputs", "fit"), noted(place / "outputs", "epoch")
    again = start(place).wait(300)
    wrong = [f"{place.name}: the last start exits with {status}, once more with {again}"] * any(
        (status, again)
    )
    wrong += [f"{place.name}: differs from the undisturbed grid"] * (facts(place / "outputs") != calm)
    wrong += [f"{place.name}: {epochs} epochs begun after {struck} stops"] * (
        epochs > CELLS * EPOCHS + struck
    )
    wrong += [f"{place.name}: a completed cell was opened again"] * (noted(place / "outputs", "fit") != fits)
    wrong += [f"{place.name}: a traceback"] * ("Traceback" in (place / "said").read_text())
    print(f"{place.name}: {struck} stops, {epochs} epochs begun of {CELLS * EPOCHS}, {fits} fits", flush=True)
    return wrong + broken(place / "outputs")


def two_at_once(folder: Path, launcher: str, delay: float | None) -> list[str]:
    """Start two grids on one folder; with `delay`, kill one of them then; return what is wrong."""
    place = folder / f"two-{launcher}-{delay is not None}"
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


def _end_orphans(groups: list[int]) -> int:
    """End what is left of process groups; return of how many."""
    count = 0
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
            count += 1
        except ProcessLookupError:
            continue
    return count


def main() -> None:
    """Stop, compare, report."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kills", description=__doc__)
    parser.add_argument("--kill", type=int, default=20, help="SIGKILL so often (default: 20)")
    parser.add_argument("--stop", type=int, default=6, help="SIGTERM, and Ctrl-C, so often (default: 6)")
    parser.add_argument("--no-pairs", action="store_true", help="without two commands on one folder")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    arguments = parser.parse_args()
    draw, wrong = random.Random(arguments.seed), list[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.monotonic()
        assert start(folder / "calm").wait(300) == 0, (folder / "calm" / "said").read_text()
        length = time.monotonic() - began
        print(
            f"undisturbed: {length:.1f} s, {noted(folder / 'calm' / 'outputs', 'epoch')} epochs", flush=True
        )
        for signum, times in (
            (signal.SIGKILL, arguments.kill),
            (signal.SIGTERM, arguments.stop),
            (signal.SIGINT, arguments.stop),
        ):
            wrong += stops(folder, signum, times, length, draw)
        for launcher in () if arguments.no_pairs else LAUNCHERS:
            for delay in (None, 0.6 * length):
                wrong += two_at_once(folder, launcher, delay)
    print("\n".join(wrong) or "nothing differs")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
