"""The identity of a run: a hash of the settings that can change its result, and a folder name made of it."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from icv_lightning.declarations.settings import SETTINGS, Setting, declared, has_effect
from icv_lightning.errors import UserError
from icv_lightning.nested import leaves, plain
from icv_lightning.records.checkpoints import checkpoint_file


class Identity:
    """The identity of the run that a configuration describes.

    Args:
        config: resolved, as nested primitives; a run's results.json holds it as `config`.
        settings: `declared(config)`, where it is at hand.
    """

    def __init__(self, config: Mapping[str, Any], settings: Mapping[str, Setting] | None = None) -> None:
        self.config, self.declared = config, declared(config) if settings is None else settings

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Return the settings that can change a result, by dotted key, numbers as floats.

        A key that stands at its neutral value is left out: the run is what it was before the key existed.
        """
        found = {key: plain(value) for key, value in leaves(self.config) if self._counts(key, value)}
        if "init_from" in found:
            found["init_from"] = _content(Path(found["init_from"]))
        return found

    @cached_property
    def hash(self) -> str:
        """Return the SHA-256 of `settings`, in hexadecimal."""
        return _digest(self.settings)

    @cached_property
    def name(self) -> str:
        """Return `<data>-d<N>-<norm|raw>-l<λ>-<rule>-s<seed>-<hash8>`, however settings are written."""
        cell = self.fields
        shape = "norm" if cell["normalize"] else "raw"
        return (
            f"{cell['data']}-d{cell['embedding_dim']}-{shape}-l{cell['lambda']:g}-{cell['centroids']}"
            f"-s{cell['seed']}-{self.hash[:8]}"
        )

    @cached_property
    def fields(self) -> dict[str, Any]:
        """Return what tells one cell of a grid from another, as results.json holds it."""
        config = self.config
        return {
            "data": config["data"]["name"],
            "lambda": float(config["loss"]["lambda"]),
            "embedding_dim": config["model"]["embedding_dim"],
            "normalize": config["model"]["normalize"],
            "centroids": config["centroids"]["name"],
            "loss": config["loss"]["name"],
            "model": config["model"]["name"],
            "seed": config["seed"],
        }

    @cached_property
    def any_seed(self) -> str:
        """Return the name that cells share which differ in the seed alone, to average over."""
        same = {key: value for key, value in self.settings.items() if key.rpartition(".")[2] != "seed"}
        return self.name.replace(f"-s{self.config['seed']}-{self.hash[:8]}", f"-{_digest(same)[:8]}")

    def _counts(self, key: str, value: Any) -> bool:
        if not has_effect(key, self.declared) or (key == "ckpt_path" and value == "last"):
            return False  # going on from this cell's own state changes nothing
        return key not in self.declared or not self.declared[key].is_neutral(plain(value))


def identify(config: DictConfig) -> Identity:
    """Return the identity of a composed configuration; what cannot change a result is not resolved."""
    kept = [str(key) for key in config if has_effect(str(key), SETTINGS) and key != "hydra"]
    values = {key: OmegaConf.select(config, key) for key in kept}
    return Identity({key: _resolved(value) for key, value in values.items()})


def _resolved(value: Any) -> Any:
    return OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value


@cache
def _content(path: Path) -> str:
    """Return a checkpoint's SHA-256, so that its place does not matter; its name where it is not here."""
    try:
        with checkpoint_file(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, UserError):
        return str(path)


def _digest(settings: Mapping[str, Any]) -> str:
    canonical = json.dumps(settings, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
