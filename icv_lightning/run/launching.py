"""From a checked request to Hydra's jobs: what was composed once is run, and not composed again."""

import string
import sys
from collections.abc import Sequence
from pathlib import Path

import hydra
from hydra._internal.callbacks import Callbacks
from hydra.core.plugins import Plugins
from hydra.core.utils import run_job
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf

from icv_lightning.configuration.checks import Request
from icv_lightning.configuration.composition import CONF
from icv_lightning.configuration.identity import Identity
from icv_lightning.records.results import is_completed
from icv_lightning.run.job import job


def show(request: Request) -> None:
    """Print the help, or what else of Hydra's flags is asked for."""
    if {"--help", "-h"} & set(request.argv):
        print(help_text())
        return
    sys.argv[1:] = request.argv
    hydra.main(version_base="1.3", config_path=str(CONF), config_name="config")(job)()


def help_text() -> str:
    """Return what --help prints; the folders of conf/ are listed here, as Hydra takes seconds for that."""
    groups = {
        str(folder.relative_to(CONF)): ", ".join(sorted(path.stem for path in folder.glob("*.yaml")))
        for folder in sorted(CONF.rglob("*"))
        if folder.is_dir() and folder.relative_to(CONF).parts[0] != "hydra"
    }
    lines = [f"{group}: {choices}" for group, choices in groups.items() if choices]
    template = OmegaConf.load(CONF / "hydra" / "help" / "icv.yaml").template
    return string.Template(template).substitute(APP_CONFIG_GROUPS="\n    ".join(lines))


def run_one(request: Request) -> int:
    """Run the one cell; return its exit status."""
    assert request.composition is not None
    config, name = request.composition.config, request.composition.config_name
    config.hydra.mode = RunMode.RUN
    callbacks = Callbacks(config)
    callbacks.on_run_start(config=config, config_name=name)
    done = run_job(
        task_function=job, config=config, job_dir_key="hydra.run.dir", job_subdir_key=None,
        hydra_context=HydraContext(config_loader=request.hydra.config_loader, callbacks=callbacks),
    )  # fmt: skip
    callbacks.on_run_end(config=config, config_name=name, job_return=done)
    return int(done.return_value)  # raises what the job raised


def run_all(request: Request) -> None:
    """Hand all cells of a grid to Hydra's launcher."""
    assert request.composition is not None
    overrides = [*request.composition.overrides, "hydra.mode=MULTIRUN"]
    name = request.composition.config_name
    config = request.hydra.compose_config(name, overrides, run_mode=RunMode.MULTIRUN)
    _limit_workers(config.hydra.launcher, request.cells)
    callbacks = Callbacks(config)
    callbacks.on_multirun_start(config=config, config_name=name)
    sweeper = Plugins.instance().instantiate_sweeper(
        config=config, task_function=job,
        hydra_context=HydraContext(config_loader=request.hydra.config_loader, callbacks=callbacks),
    )  # fmt: skip
    sweeper.validate_batch_is_legal = lambda batch: None  # type: ignore[method-assign]  # each was composed
    sweeper.sweep(list(config.hydra.overrides.task))
    callbacks.on_multirun_end(config=config, config_name=name)


def _limit_workers(launcher: DictConfig, cells: Sequence[Identity]) -> None:
    """Let joblib start no more processes than there are cells left to run."""
    done = [is_completed(Path(cell.config["paths"]["run"])) and not cell.config["force"] for cell in cells]
    left = max(1, len(done) - sum(done))
    if launcher.get("n_jobs", 1) > left:
        launcher.n_jobs = left
