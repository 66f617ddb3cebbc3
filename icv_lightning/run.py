"""The command `python -m icv_lightning.run`: compose, instantiate, fit, test, record.

Whatever needs torch is imported only once a run starts, so that help and errors come at once.
"""

import logging
import shutil
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from icv_lightning import preflight, record
from icv_lightning.cell import cell_fields, config_hash, register_resolvers
from icv_lightning.errors import UserError

log = logging.getLogger(__name__)
failures: list[str] = []  # of this process's runs; Hydra would show the first alone, and stop the others


def run_cell(config: DictConfig) -> None:
    """Train, test and record one cell in Hydra's output folder, or say that it is done already."""
    folder = Path(HydraConfig.get().runtime.output_dir)
    if record.is_completed(folder) and not config.force:
        results = record.read_results(folder)
        print("already completed (force=true does it again)")
    else:
        results = train(config, folder)
    from icv_lightning.summary import show

    show(results or {}, folder)


def train(config: DictConfig, folder: Path) -> dict[str, Any]:
    """Return the results of a run, after writing them; a failed run leaves them too, and raises."""
    started = time.perf_counter()
    checkpoint = _starting_point(config, folder)

    import lightning as L

    from icv_lightning import instantiate
    from icv_lightning.loggers import recording

    _quieten()
    L.seed_everything(config.seed, workers=True, verbose=False)
    data = instantiate.build_datamodule(config)
    data.setup()
    module = instantiate.build_module(config)
    trainer = instantiate.build_trainer(config, folder)
    (folder / record.RESULTS).unlink(missing_ok=True)
    results = {
        "cell": cell_fields(config),
        "config_hash": config_hash(config),
        "config": OmegaConf.to_container(config, resolve=True),
        "versions": record.versions(),
    }
    resumed = checkpoint is not None and config.ckpt_path in (None, "last")
    with recording(trainer.loggers, config, module, resumed):
        try:
            trainer.fit(module, datamodule=data, ckpt_path=checkpoint, weights_only=True)
            trainer.test(module, datamodule=data, verbose=False)
        except Exception as error:
            cause = f"{type(error).__name__}: {error}"
            step = getattr(error, "step", trainer.global_step)
            record.write_results(folder, {"status": "failed", "cause": cause, "step": step, **results})
            raise
        seconds = time.perf_counter() - started
        results |= module.measured() | {"class_names": data.class_names, "seconds": seconds}
        record.write_results(folder, {"status": "completed", **results})
    return results


def job(config: DictConfig) -> None:
    """Run one cell; keep its failure for the end, so that the other cells of a grid run too."""
    folder = Path(HydraConfig.get().runtime.output_dir)
    try:
        run_cell(config)
    except UserError as error:
        _forget(folder)
        failures.append(str(error))
        print(f"error: {error}", file=sys.stderr)
    except Exception as error:
        log.info("run failed", exc_info=True)  # the traceback is for run.log
        failures.append(f"{folder.name}: {type(error).__name__}: {error}")
        print(f"failed: {failures[-1]} (see {folder / 'run.log'})", file=sys.stderr)


def main() -> None:
    """Check the settings, run, and exit with 0 (all completed), 1 (a run failed) or 2 (a wrong setting)."""
    register_resolvers()
    try:
        preflight.check(sys.argv[1:])
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    hydra.main(version_base="1.3", config_path=str(preflight.CONF), config_name="config")(job)()
    sys.exit(1 if failures else 0)


def _quieten() -> None:
    """Leave Lightning's chatter to run.log, and silence what these settings make moot."""
    for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    logging.captureWarnings(True)
    for moot in (".*does not have many workers", ".*LeafSpec.*deprecated", "Checkpoint directory .* exists"):
        warnings.filterwarnings("ignore", moot)


def _starting_point(config: DictConfig, folder: Path) -> str | None:
    last = folder / "checkpoints" / "last.ckpt"
    if config.ckpt_path == "last" and not last.exists():
        raise UserError(f"ckpt_path=last: there is no {last}")
    if config.ckpt_path not in (None, "last"):
        if not Path(config.ckpt_path).exists():
            raise UserError(f"ckpt_path={config.ckpt_path}: there is no such file")
        return str(config.ckpt_path)
    return str(last) if last.exists() and not config.force else None


def _forget(folder: Path) -> None:
    """Remove what Hydra made for a run that could not start, unless an earlier run left more there."""
    if {path.name for path in folder.iterdir()} <= {".hydra", "run.log"}:
        shutil.rmtree(folder)
        if not any(folder.parent.iterdir()):
            folder.parent.rmdir()


if __name__ == "__main__":
    main()
