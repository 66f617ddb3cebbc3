"""Several processes that train one run: the first starts the others, and they end together.

Lightning's own way is to start the command again, with its checks, locks and records. Here the others get the
composed settings alone (`icv_lightning.run.rank`).
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

if TYPE_CHECKING:
    from lightning import Trainer

RANKS = ("RANK", "LOCAL_RANK", "SLURM_PROCID")  # set by torchrun, by this module, by srun
FOLLOWS = "ICV_FOLLOWS"  # in the environment of processes that this module started
EXIT_DELAY = 1.0  # seconds in which a process that closed its connections exits
FAILURE_DELAY = 10.0  # seconds in which the first process may report its failure itself
EXIT_TIMEOUT = 60.0  # seconds for the other processes to exit after the first
Process = subprocess.Popen[bytes]


def rank(trainer: Mapping[str, Any]) -> int:
    """Return the number of this process among those that train a run, 0 where the trainer needs but one."""
    if trainer.get("devices", "auto") in (1, "1"):
        return 0
    return next((int(os.environ[key]) for key in RANKS if key in os.environ), 0)


def in_grid() -> bool:
    """Tell whether this process runs a cell of a grid."""
    return HydraConfig.initialized() and HydraConfig.get().mode == RunMode.MULTIRUN


@contextmanager
def together(
    trainer: "Trainer", settings: Mapping[str, Any], folder: Path, give_up: Callable[[str], None]
) -> Iterator[None]:
    """Start the other processes of a trainer that needs them, and end them whatever happens inside.

    Args:
        trainer: this process's trainer; nothing is done where torchrun, Slurm or another process started it.
        settings: the run's settings, resolved.
        folder: the run's folder; output of the others goes to its run.log.
        give_up: called with the cause where one of them died while this process waits for it for ever; it
            must record the cause, and this process is then ended.
    """
    environment: Any = getattr(trainer.strategy, "cluster_environment", None)
    if trainer.num_devices == 1 or environment is None:
        yield
        return
    if FOLLOWS in os.environ or not environment.creates_processes_externally:
        from icv_lightning.callbacks.signals import OwnSIGTERM

        trainer.callbacks.append(OwnSIGTERM())  # type: ignore[attr-defined]
    if environment.creates_processes_externally:
        yield
        return
    variables = _variables(environment, trainer.world_size, settings.get("threads"))
    before = {key: os.environ.get(key) for key in variables}
    os.environ |= variables
    request = json.dumps({"settings": settings, "folder": str(folder)})
    others, over, well = list[Process](), threading.Event(), False
    threading.Thread(target=_watch, args=(others, over, give_up), daemon=True).start()
    try:
        for number in range(1, trainer.num_devices):
            others.append(_started(number, request, folder))
        yield
        with suppress(subprocess.TimeoutExpired):
            for process in others:
                process.wait(EXIT_TIMEOUT)
        well = True
    except RuntimeError as error:  # a backend's words on a process that is gone are of no use to anybody
        time.sleep(EXIT_DELAY)
        if dead := _dead(others):
            raise RuntimeError(dead) from error
        raise
    finally:
        over.set()
        for process in others:
            process.kill()
            process.wait()
        _restore(before)
        leave(well)


def _variables(environment: Any, world_size: int, threads: int | None) -> dict[str, str]:
    """Return the environment that Lightning's own launcher would set."""
    shared = {
        "MASTER_ADDR": environment.main_address,
        "MASTER_PORT": str(environment.main_port),
        "NODE_RANK": str(environment.node_rank()),
        "WORLD_SIZE": str(world_size),
        "LOCAL_RANK": "0",
    }
    return shared | ({"OMP_NUM_THREADS": str(threads)} if threads else {})


def leave(well: bool) -> None:
    """Leave the process group, so that a later run is alone; NCCL may hang in it after a failure."""
    from torch import distributed

    if distributed.is_initialized() and (well or distributed.get_backend() == "gloo"):
        distributed.destroy_process_group()


def _started(number: int, request: str, folder: Path) -> Process:
    command = [sys.executable, "-m", "icv_lightning.run.rank"]
    own = os.environ | {"LOCAL_RANK": str(number), FOLLOWS: "1"}
    with (folder / "run.log").open("ab") as said:
        process = subprocess.Popen(command, env=own, stdin=subprocess.PIPE, stdout=said, stderr=said)
    assert process.stdin is not None
    process.stdin.write(request.encode())
    process.stdin.close()
    return process


def _watch(others: list[Process], over: threading.Event, give_up: Callable[[str], None]) -> None:
    while not over.wait(1.0):
        if (dead := _dead(others)) and not over.wait(FAILURE_DELAY):
            give_up(dead)
            for process in others:
                process.kill()
            os._exit(1)


def _dead(others: list[Process]) -> str:
    """Say which process failed; empty where none did."""
    for number, process in enumerate(others, start=1):
        if status := process.poll():
            return f"one of its processes (rank {number}) ended with status {status}"
    return ""


def _restore(variables: Mapping[str, str | None]) -> None:
    for key, value in variables.items():
        os.environ.pop(key, None)
        if value is not None:
            os.environ[key] = value
