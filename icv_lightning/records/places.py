"""Where the data of a run lie: not in its record, which is for everybody, but found again from its folder."""

import os
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from icv_lightning.records.results import is_place, read_results


def data_settings(run: Path) -> dict[str, Any]:
    """Return `config.data` of a run's record, with the places that the record left out; empty without one.

    The folder of the run knows the paths that were given (`.hydra/config.yaml`). Where they came from the
    environment, `ICV_DATA` of this machine's is taken.
    """
    settings = ((read_results(run) or {}).get("config") or {}).get("data") or {}
    given = _given(run)
    found = {key: given[key] if is_place(given.get(key)) else value for key, value in settings.items()}
    if "root" in found and not isinstance(given.get("root"), str) and "ICV_DATA" in os.environ:
        found["root"] = os.environ["ICV_DATA"]
    if "folder" in found and settings["folder"] == settings.get(
        "root"
    ):  # own pictures: one place, said twice
        found["folder"] = found["root"]
    return found


def _given(folder: Path) -> dict[str, Any]:
    """Return the plain texts of the `data` settings as they were given; nothing is resolved."""
    try:
        config: Any = OmegaConf.load(folder / ".hydra" / "config.yaml")
        data = OmegaConf.to_container(config.data, resolve=False)
    except Exception:  # missing, or whatever a file of another kind raises
        return {}
    texts = data.items() if isinstance(data, dict) else ()
    return {str(k): v for k, v in texts if isinstance(v, str) and "${" not in v}
