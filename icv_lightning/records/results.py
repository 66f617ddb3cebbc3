"""results.json of a run: written whole or not at all, read without trust."""

import json
import logging
import math
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from icv_lightning.records.files import replaced, write_text

log = logging.getLogger(__name__)
RESULTS = "results.json"
LOCK = ".lock"  # held by the process that works in a run's folder; the system frees it when that dies
PACKAGES = (
    "icv-lightning",
    "torch",
    "torchvision",
    "lightning",
    "torchmetrics",
    "hydra-core",
    "omegaconf",
    "numpy",
)


def measured_once(path: Path, protocol: Any, measured: Callable[[], list[Any]]) -> list[Any]:
    """Return the rows in `path`; unless the same protocol left them there, measure and write them first.

    Args:
        path: a JSON file.
        protocol: a dataclass of primitives, kept beside the rows.
        measured: gives the rows.
    """
    stated = json.loads(json.dumps(asdict(protocol)))
    try:
        found = json.loads(path.read_text())
        if found["protocol"] == stated:
            return list(found["rows"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    log.info("measuring %s", path.stem)
    rows = measured()
    write_text(path, json.dumps({"protocol": stated, "rows": rows}, indent=1) + "\n")
    return rows


def write_results(folder: Path, results: Mapping[str, Any]) -> None:
    """Write `<folder>/results.json`; numbers that are not finite become null."""
    text = json.dumps(_finite(results), indent=2, ensure_ascii=False, allow_nan=False)
    with replaced(folder / RESULTS) as file:
        file.write(text.encode() + b"\n")


def read_results(folder: Path) -> dict[str, Any] | None:
    """Return the results of a run's folder, None where there are none that can be read."""
    try:
        results = json.loads((folder / RESULTS).read_text())
    except (OSError, ValueError):
        return None
    return results if isinstance(results, dict) else None


def is_completed(folder: Path) -> bool:
    """Tell whether the run in `folder` ended well."""
    return (read_results(folder) or {}).get("status") == "completed"


def versions() -> dict[str, str]:
    """Return the versions of Python, of the machine's architecture and of the packages that compute."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
