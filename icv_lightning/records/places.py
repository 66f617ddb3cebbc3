"""Where the data of a run lie: not in its record, which is for everybody, but found again from its folder."""

import os
from pathlib import Path
from typing import Any

from icv_lightning.errors import UserError
from icv_lightning.records.results import is_place, read_results
from icv_lightning.records.settings_file import read_settings


def data_settings(run: Path) -> dict[str, Any]:
    """Return `config.data` of a run's record, with the paths that the record left out; empty without one.

    Paths are those in the settings that lie in the run's folder. A record that came without them has this
    machine's `ICV_DATA` for its root, where that is set.
    """
    settings = ((read_results(run) or {}).get("config") or {}).get("data") or {}
    try:
        given = dict(read_settings(run)["data"])
    except (UserError, KeyError, TypeError, ValueError):
        given = {"root": os.environ.get("ICV_DATA")}
    return {key: given[key] if is_place(given.get(key)) else value for key, value in settings.items()}
