"""Where the data of a run lie: a record holds no paths, so they are found from the run's folder."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from icv_lightning.errors import UserError
from icv_lightning.nested import with_values
from icv_lightning.records.results import is_place, read_results
from icv_lightning.records.settings_file import read_settings


def data_settings(run: Path, root: str | None = None) -> dict[str, Any]:
    """Return `config.data` of a run's record, with the paths that the record left out; empty without one.

    Paths are those in the settings that lie in the run's folder. A record that came without them has this
    machine's `ICV_DATA` for its root, where that is set.

    Args:
        run: its folder.
        root: folder in which its data lie now; paths below the root that the run found move with it.
    """
    settings = ((read_results(run) or {}).get("config") or {}).get("data") or {}
    try:
        given = dict(read_settings(run)["data"])
    except (UserError, KeyError, TypeError, ValueError):
        given = _below(os.environ.get("ICV_DATA"), settings)
    found = _with_places(settings, given)
    return _moved(found, root) if root and found else found


def _below(root: str | None, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the places of a data set's root and pictures, of which the record keeps the last part alone."""
    pictures = (settings.get("about") or {}).get("pictures")
    if _is_its_root(settings):  # somebody's pictures, not one data set of many
        return {}
    return {"root": root} | ({"about": {"pictures": f"{root}/{pictures}"}} if root and pictures else {})


def _with_places(settings: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with the absolute paths of `given`, at any depth."""
    return {
        key: _with_places(value, given[key])
        if isinstance(value, Mapping) and isinstance(given.get(key), Mapping)
        else (given[key] if is_place(given.get(key)) else value)
        for key, value in settings.items()
    }


def _is_its_root(settings: Mapping[str, Any]) -> bool:
    """Tell whether the root is no folder of data sets, but the pictures' own."""
    return "folder" in settings and settings["folder"] == settings.get("root")


def _moved(settings: Mapping[str, Any], root: str) -> dict[str, Any]:
    """Return the settings of data that lie in `root` now: what lay below their root moves with it."""
    before = Path(str(settings.get("root")))

    def moved(value: Any) -> Any:
        below = is_place(value) and Path(value).is_relative_to(before)
        return str(Path(root) / Path(value).relative_to(before)) if below else value

    found: dict[str, Any] = {**with_values(settings, moved), "root": root}
    if _is_its_root(settings):  # also where it is no absolute path
        found |= {"folder": root, "about": {**(found.get("about") or {}), "pictures": root}}
    return found
