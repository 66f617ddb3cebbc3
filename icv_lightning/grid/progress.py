"""A grid while it runs and when it has ended: one display, one table, every failure with its cause."""

import threading
import time
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column, Table

from icv_lightning.configuration.identity import Identity
from icv_lightning.escaping import printable
from icv_lightning.grid.cell_progress import CellProgress
from icv_lightning.records.results import number
from icv_lightning.terminal.suggestions import suggest

POLL_INTERVAL = 1.0  # seconds
WORKER_TIMEOUT = 30.0  # seconds without any locked cell after which the workers count as dead
COLUMNS = {
    "highest score": "test/acc",
    "nearest centroid": "test/acc_nearest_centroid",
    "nearest class mean": "test/acc_nearest_class_mean",
}


class Display:
    """A context that shows how far `cells` are: a bar in a terminal, elsewhere a line for each that ends."""

    def __init__(self, cells: Sequence[CellProgress], console: Console | None = None) -> None:
        self.cells, self.console = cells, console or Console(stderr=True, soft_wrap=True)
        self.started, self.over = time.monotonic(), threading.Event()
        self.told = {cell.name for cell in cells if cell.ended}
        self.progress = Progress(
            BarColumn(), TextColumn("{task.description}", markup=False),
            console=self.console, disable=not self.console.is_terminal,
        )  # fmt: skip
        self.task = self.progress.add_task(self.line(), total=sum(cell.epochs for cell in cells))
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Display":
        self.progress.start()
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.over.set()
        self.thread.join()
        self.look()
        self.progress.stop()

    def line(self) -> str:
        """Return what is done, running, failed and left, in words."""
        count = {state: sum(c.state == state for c in self.cells) for state in ("running", "failed")}
        done = sum(cell.well for cell in self.cells)
        words = f"{done}/{len(self.cells)} cells · {count['running']} running · {count['failed']} failed"
        if (left := self.seconds_left()) is None:
            return words
        return f"{words} · {int(left // 3600)}:{int(left // 60) % 60:02}:{int(left) % 60:02} left"

    def seconds_left(self) -> float | None:
        """Return the time for the epochs to come at the pace so far; None before the first epoch."""
        done = sum(cell.epoch - cell.at_start for cell in self.cells if cell.state != "already completed")
        left = sum(cell.epochs - cell.epoch for cell in self.cells if not cell.ended)
        return (time.monotonic() - self.started) * left / done if done > 0 else None

    def look(self) -> None:
        """Bring the display up to date."""
        for cell in self.cells:
            cell.look()
        for cell in self.cells:
            if cell.ended and cell.name not in self.told:
                self.told.add(cell.name)
                self._tell(cell)
        done = sum(cell.epochs if cell.ended else cell.epoch for cell in self.cells)
        self.progress.update(self.task, completed=done, description=self.line())

    def _tell(self, cell: CellProgress) -> None:
        if cell.state == "failed":
            cause = printable(str(cell.results.get("cause")))
            self.console.print(f"failed: {cell.name}: {cause}", markup=False, style="red")
        elif not self.console.is_terminal:
            seconds = f"{number(cell.results.get('seconds'), 1)} s"
            self.console.print(f"{cell.name}: completed in {seconds} ({self.line()})", markup=False)

    def _watch(self) -> None:
        while not self.over.wait(POLL_INTERVAL):
            self.look()


def watched(identities: Sequence[Identity], launch: Callable[[], object]) -> int:
    """Run `launch` under a display of these cells, and show their table; give the exit status.

    Returns:
        0 where all cells are completed, 1 where any is not, 130 after Ctrl-C or SIGTERM.
    """
    cells = list({cell.folder: cell for cell in map(CellProgress, identities)}.values())
    trouble, status = "", 0
    with Display(cells) as display:
        try:
            launch()
        except (KeyboardInterrupt, SystemExit):  # Lightning turns Ctrl-C and SIGTERM into the latter
            trouble, status = "interrupted", 130
        except Exception as error:
            trouble = f"{type(error).__name__}: {str(error).strip().splitlines()[-1] if str(error) else ''}"
            _wait_for_the_others(display)
    show(cells, trouble)
    return status or int(not all(cell.well for cell in cells))


def show(cells: Sequence[CellProgress], trouble: str = "") -> None:
    """Print the table of all cells, then each failure with its cause, and how to go on."""
    terminal = Console()
    console = terminal if terminal.is_terminal else Console(width=160)
    table = Table(Column("cell", overflow="fold"), "status", *COLUMNS, "seconds")
    for cell in cells:
        metrics = cell.results.get("metrics") or {}
        numbers = [number(metrics.get(key), 4) for key in COLUMNS.values()]
        table.add_row(cell.name, _status(cell), *numbers, number(cell.results.get("seconds"), 1))
    console.print(table)
    for cell in cells:
        if cell.state in ("failed", "running"):
            cause = printable(str(cell.results.get("cause") or "left no results; its process ended"))
            console.print(
                f"{_status(cell)}: {cell.name}: {cause} (see {cell.folder}/run.log)",
                markup=False,
                soft_wrap=True,
            )
    if trouble:
        console.print(f"the grid was stopped: {trouble}", markup=False)
    if not all(cell.well for cell in cells):
        console.print("the same command goes on: it repeats nothing that is completed", highlight=False)
    folder = cells[0].folder.parent
    console.print(
        f"folder: {folder}   report: python -m icv_lightning.report {folder}", highlight=False, soft_wrap=True
    )
    if well := [cell.folder for cell in cells if cell.well]:
        suggest(
            ("icv_lightning.report", folder),
            ("icv_lightning.predict", "--checkpoint", well[0], "pictures/"),
            ("icv_lightning.audit", well[0]),
        )


def _status(cell: CellProgress) -> str:
    return {"running": "interrupted", "waiting": "not started"}.get(cell.state, cell.state)


def _wait_for_the_others(display: Display) -> None:
    """Wait while other processes' cells go on: one that died ends Hydra's call, not these (Ray, Slurm)."""
    last = time.monotonic()
    while time.monotonic() - last < WORKER_TIMEOUT and not all(c.ended for c in display.cells):
        time.sleep(POLL_INTERVAL)
        if any(cell.alive for cell in display.cells if cell.state == "running"):
            last = time.monotonic()
