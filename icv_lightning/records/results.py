"""results.json of a run: written whole or not at all, read without trust."""

import json
import logging
import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PureWindowsPath
from typing import Any

from icv_lightning.errors import UserError, reason
from icv_lightning.nested import finite, with_values
from icv_lightning.records.files import replaced, write_text

log = logging.getLogger(__name__)
RESULTS = "results.json"
LOCAL_GROUPS = ("paths", "logger", "hydra")  # say where a run was made, or for whom; none changes a result
ABSOLUTE = re.compile(r"[/~\\]|[A-Za-z]:[\\/]")
AGAIN = ".again"  # folder below a completed run's, where it is done again
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
        found = read_json(path)
        if found["protocol"] == stated and all(isinstance(row, dict) for row in found["rows"]):
            return list(found["rows"])
    except (UserError, KeyError, TypeError):
        pass
    log.info("measuring %s", path.stem)
    rows = measured()
    write_text(path, json.dumps({"protocol": stated, "rows": rows}, indent=1) + "\n")
    return rows


def write_results(folder: Path, results: Mapping[str, Any]) -> None:
    """Write `<folder>/results.json`; numbers that are not finite become null.

    Its `config` is for everybody: without outputs and loggers, and of an absolute path the last name alone.
    """
    if isinstance(config := results.get("config"), Mapping):
        results = {**results, "config": shareable(config)}
    text = json.dumps(finite(results), indent=2, ensure_ascii=False, allow_nan=False)
    with replaced(folder / RESULTS) as file:
        file.write(text.encode() + b"\n")


def shareable(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run's configuration without the places of its machine: of an absolute path its last name."""
    kept = {key: value for key, value in config.items() if key not in LOCAL_GROUPS}
    shared: dict[str, Any] = with_values(
        kept, lambda value: PureWindowsPath(value).name if is_place(value) else value
    )
    return shared


def is_place(value: Any) -> bool:
    """Tell whether a setting is an absolute path."""
    return isinstance(value, str) and ABSOLUTE.match(value) is not None


def read_results(folder: Path) -> dict[str, Any] | None:
    """Return the results of a run's folder, None where there are none that can be read."""
    try:
        results = read_json(folder / RESULTS)
    except UserError:
        return None
    return results if isinstance(results, dict) else None


def read_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises:
        UserError: a file that is not there or no JSON; NaN and Infinity, which JSON has not; nesting that is
            deeper than Python's stack.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path}: no JSON that can be read ({reason(error)})") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"it holds {constant}")


def is_completed(folder: Path) -> bool:
    """Tell whether the run in `folder` ended well."""
    return (read_results(folder) or {}).get("status") == "completed"


def place_again(folder: Path) -> Path:
    """Return where the run in `folder` is done again: a folder of its name, pictures beside it."""
    return folder / AGAIN / folder.name


def number(value: Any, digits: int) -> str:
    """Return a recorded number with `digits` after the point, or "-" where a record has none."""
    return f"{value:.{digits}f}" if isinstance(value, int | float) else "-"


def versions() -> dict[str, str]:
    """Return the versions of Python, of the machine's architecture and of the packages that compute."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
