"""The identity of a run: a hash of the settings that can change its result, and a folder name made of it."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from icv_lightning.errors import UserError
from icv_lightning.records.checkpoint_files import checkpoint_file

NO_EFFECT = frozenset(
    {
        "name",
        "cell",
        "force",
        "workers",
        "threads",
        "gpu_share",
        "paths",
        "logger",
        "callbacks.progress",
        "callbacks.gallery",
        "callbacks.throughput",
        "callbacks.finite_loss",
        "callbacks.guard_rails",
        "data.root",
        "data.num_workers",
        "data.memory_gb",
        "search",
        "hydra",
    }
)
# Keys without effect that hashes have held from the first, and with which value.
HELD: Mapping[str, Any] = {"data.eval_batch_size": 1000}
# Keys that came later, with the value that leaves a result as it was: it does not make another cell.
LATER: Mapping[str, Any] = {
    "data.train_size": None,
    "data.classes": None,
    "data.per_class": None,
    "centroids.layer.sparse": False,
    "optimizer.algorithm.fused": True,
    "optimizer.decay_all": False,
    "scheduler": {
        "_target_": "icv_lightning.optimizers.Schedule",
        "name": "none",
        "interval": "step",
        "length": None,
        "warmup": 0.0,
        "monitor": None,
        "centroids": "follow",
        "algorithm": None,
    },
    "loss.warmup": 0.0,
    "loss.label_smoothing": 0.0,
    "loss.class_weights": None,
    "loss.criterion.label_smoothing": 0.0,
    "loss.criterion.class_weights": None,
    "data.augment": None,
    "data.sampling": "shuffle",
    "model.freeze": False,
    "init_from": None,
}


def identity(config: DictConfig) -> dict[str, Any]:
    """Return the resolved settings that can change a result, numbers as floats so that 1 and 1.0 are one."""
    settings = _without_effectless(config)
    if settings.get("ckpt_path") in (None, "last"):  # going on from this cell's own state changes nothing
        settings.pop("ckpt_path", None)
    if settings.get("init_from"):
        settings["init_from"] = _content(Path(settings["init_from"]))
    return settings


def config_hash(config: DictConfig) -> str:
    """Return the SHA-256 of `identity`, in hexadecimal."""
    canonical = json.dumps(identity(config), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def cell_name(config: DictConfig) -> str:
    """Return `<data>-d<N>-<norm|raw>-l<λ>-<rule>-s<seed>-<hash8>`, the same however settings are written."""
    model = config.model
    shape = "norm" if model.normalize else "raw"
    return (
        f"{config.data.name}-d{model.embedding_dim}-{shape}-l{float(config.loss['lambda']):g}"
        f"-{config.centroids.name}-s{config.seed}-{config_hash(config)[:8]}"
    )


def cell_any_seed(config: DictConfig) -> str:
    """Return the name that cells share which differ in the seed alone, to average over."""
    same = OmegaConf.merge(config, {"seed": 0})
    return cell_name(same).replace("-s0-", "-")  # type: ignore[arg-type]


def cell_fields(config: DictConfig) -> dict[str, Any]:
    """Return what tells one cell of a grid from another, as results.json holds it."""
    return {
        "data": config.data.name,
        "lambda": float(config.loss["lambda"]),
        "embedding_dim": config.model.embedding_dim,
        "normalize": config.model.normalize,
        "centroids": config.centroids.name,
        "loss": config.loss.name,
        "model": config.model.name,
        "seed": config.seed,
    }


@cache
def _content(path: Path) -> str:
    """Return a checkpoint's SHA-256, so that its place does not matter; its name where it is not here."""
    try:
        with checkpoint_file(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, UserError):
        return str(path)


def _without_effectless(config: DictConfig, prefix: str = "") -> dict[str, Any]:
    kept = {}
    for key in config:
        if f"{prefix}{key}" in NO_EFFECT:
            continue
        value = HELD.get(f"{prefix}{key}", config[key])
        if f"{prefix}{key}" in LATER and value == LATER[f"{prefix}{key}"]:
            continue
        kept[str(key)] = (
            _without_effectless(value, f"{prefix}{key}.") if isinstance(value, DictConfig) else _plain(value)
        )
    return kept


def _plain(value: Any) -> Any:
    if OmegaConf.is_config(value):
        return _plain(OmegaConf.to_container(value, resolve=True))
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
