"""Runs that strike themselves down at a named moment, in processes that are forked with all imports done."""

import importlib
import io
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import torch

from icv_lightning.records.metrics_file import read_metrics
from icv_lightning.records.results import read_results

PRELOADED = [
    "lightning",
    "icv_lightning.run.__main__",
    "icv_lightning.run.training",
    "icv_lightning.module",
    "icv_lightning.callbacks.snapshot",
    "icv_lightning.data.digits",
]
HIDDEN = "."  # what a half-written file's name begins with


def at_call(owner: str, name: str, count: int = 1) -> Callable[[int], None]:
    """Strike before the `count`-th call of a function, or of a method (`module:Class`)."""

    def arm(signum: int) -> None:
        module, _, inner = owner.partition(":")
        place: Any = importlib.import_module(module)
        place = getattr(place, inner) if inner else place
        original, calls = getattr(place, name), [0]

        def struck(*args: Any, **options: Any) -> Any:
            calls[0] += 1
            if calls[0] == count:
                os.kill(os.getpid(), signum)
            return original(*args, **options)

        setattr(place, name, struck)

    return arm


def half_written(owner: str, name: str, position: int) -> Callable[[int], None]:
    """Strike when half of what a function writes is on disk; `position`: of its argument that is the file."""

    def arm(signum: int) -> None:
        place: Any = importlib.import_module(owner)
        original = getattr(place, name)

        def struck(*args: Any, **options: Any) -> Any:
            file, memory = args[position], io.BytesIO()
            original(*args[:position], memory, *args[position + 1 :], **options)
            content = memory.getvalue()
            file.write(content[: len(content) // 2])
            file.flush()
            os.kill(os.getpid(), signum)
            file.write(content[len(content) // 2 :])

        setattr(place, name, struck)

    return arm


def renamed(file: str, count: int = 1, after: bool = False) -> Callable[[int], None]:
    """Strike before or after the `count`-th time that a complete file takes its name."""

    def arm(signum: int) -> None:
        original, calls = Path.replace, [0]

        def struck(self: Path, target: Path) -> Path:
            calls[0] += Path(target).name == file
            due = Path(target).name == file and calls[0] == count
            if due and not after:
                os.kill(os.getpid(), signum)
            done = original(self, target)
            if due and after:
                os.kill(os.getpid(), signum)
            return done

        Path.replace = struck  # type: ignore[method-assign,assignment]

    return arm


MODULE = "icv_lightning.module:ClassifierModule"
MOMENTS = {
    "Hydra's files are written": at_call("hydra.core.utils", "_save_config", 2),
    "data are read": at_call("icv_lightning.data.digits:DigitsDataModule", "load"),
    "the middle of an epoch": at_call(MODULE, "training_step", 10),
    "an evaluation": at_call(MODULE, "validation_step", 2),
    "a snapshot is half on disk": half_written("numpy", "savez", 0),
    "metrics.csv takes its name": renamed("metrics.csv"),
    "metrics.csv has its name, the checkpoint not yet": renamed("metrics.csv", after=True),
    "a checkpoint is half on disk": half_written("torch", "save", 1),
    "a checkpoint takes its name": renamed("last.ckpt"),
    "a checkpoint has its name": renamed("last.ckpt", after=True),
    "the final test": at_call(MODULE, "test_step", 2),
    "results.json takes its name": renamed("results.json"),
    "results.json has its name, the next cell not begun": renamed("results.json", after=True),
}


def strike(moment: str, signum: int = signal.SIGKILL) -> None:
    """Let the process send itself a signal at the named moment."""
    MOMENTS[moment](signum)


def run(
    folder: Path,
    arguments: list[str],
    arm: Callable[[], None] | None = None,
    module: str = "icv_lightning.run.__main__",
) -> int | None:
    """Return the exit status of a command in `folder`, negative for a signal; its output is in `said`.

    `arm` is called in the process, before the command.
    """
    process = begun(folder, arguments, arm, module)
    process.join(600)
    return process.exitcode


def begun(
    folder: Path,
    arguments: list[str],
    arm: Callable[[], None] | None = None,
    module: str = "icv_lightning.run.__main__",
) -> BaseProcess:
    """Return a started process, forked where all imports are done; see `run`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=_run, args=(folder, arguments, arm, module))
    process.start()
    return process


def _run(folder: Path, arguments: list[str], arm: Callable[[], None] | None, module: str) -> None:
    main = importlib.import_module(module).main
    os.chdir(folder)
    with Path("said").open("w", buffering=1) as sys.stdout:
        sys.stderr = sys.stdout
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = ["run", *arguments]
        if arm:
            arm()
        main()


def broken(outputs: Path) -> list[str]:
    """Return what is wrong with the files that bear a name which somebody reads."""
    found = []
    readers: dict[str, Callable[[Path], object]] = {
        "*/*/results.json": lambda path: (read_results(path.parent) or {})["status"],
        "*/*/metrics.csv": lambda path: _check_table(path),
        "*/*/checkpoints/*.ckpt": lambda path: torch.load(path, weights_only=True)["epoch"],
        "*/*/embeddings/*.npz": lambda path: {key: value.shape for key, value in np.load(path).items()},
        "*/*.npz": lambda path: {key: value.shape for key, value in np.load(path).items()},
    }
    for pattern, read in readers.items():
        for path in outputs.glob(pattern):
            try:
                if not path.name.startswith(HIDDEN):
                    read(path)
            except Exception as error:
                found.append(f"{path.name}: {type(error).__name__}: {error}")
    return found


def _check_table(path: Path) -> None:
    assert len({line.count(",") for line in path.read_text().splitlines()}) == 1, "rows of unequal length"
    read_metrics(path.parent)


def facts(outputs: Path) -> dict[str, tuple[object, ...]]:
    """Return, for each cell, what an undisturbed grid and one that was struck must have in common."""
    keys = ("status", "cell", "metrics", "config_hash", "confusion", "per_class")
    cells = sorted(path.parent for path in outputs.glob("*/*/.hydra"))
    return {
        cell.name: (
            *((read_results(cell) or {}).get(key) for key in keys),
            (cell / "metrics.csv").read_bytes() if (cell / "metrics.csv").exists() else None,
        )
        for cell in cells
    }


def noted(outputs: Path, word: str) -> int:
    """Return how often `tests.spies.NoteEpochs` noted `word` (fit, epoch) over all attempts."""
    return sum(path.read_text().split().count(word) for path in outputs.glob("*/*/noted.txt"))
