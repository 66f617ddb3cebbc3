"""Progress of long work: a bar in a terminal, else a line every few seconds."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
MIN_ITEMS = 2000  # things; fewer are done before anybody wonders
INTERVAL = 10.0  # between lines


def reported(batches: Iterable[T], total: int, each: int, what: str) -> Iterator[T]:
    """Yield the batches and show progress on stderr; nothing for short work.

    Args:
        batches: of `each` things, the last of fewer.
        total: number of things.
        each: things of a batch.
        what: is being done, e.g. "reading pictures".
    """
    if total < MIN_ITEMS:
        yield from batches
    elif sys.stderr.isatty():
        yield from _with_bar(batches, total, each, what)
    else:
        yield from _with_lines(batches, total, each, what)


def _with_bar(batches: Iterable[T], total: int, each: int, what: str) -> Iterator[T]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        for batch in batches:
            yield batch
            bar.advance(task, each)


def _with_lines(batches: Iterable[T], total: int, each: int, what: str) -> Iterator[T]:
    said = time.monotonic()
    print(f"{what}: {total:,}", file=sys.stderr, flush=True)
    for number, batch in enumerate(batches, start=1):
        yield batch
        if time.monotonic() - said > INTERVAL:
            said = time.monotonic()
            print(f"{what}: {min(number * each, total):,} of {total:,}", file=sys.stderr, flush=True)
