"""Records brought from elsewhere: one that is there need not be trained again on another machine."""

from pathlib import Path

from icv_lightning.records.files import write_bytes
from icv_lightning.records.measured import FILE as MEASURED
from icv_lightning.records.metrics_file import METRICS
from icv_lightning.records.results import RESULTS, read_results

FILES = (MEASURED, METRICS, RESULTS)  # all of a record; results.json last, for it says that the rest is there


def copy_record(record: Path, folder: Path) -> None:
    """Copy a record's files into `folder`, which is made where it is not there; each whole or not at all."""
    for name in FILES:
        if (record / name).exists():
            write_bytes(folder / name, (record / name).read_bytes())


def take_record(records: Path | None, folder: Path, config_hash: str) -> bool:
    """Copy a completed run's record of equal settings into its `folder`, unless that has a completed one.

    Args:
        records: a folder of records, each in a folder named as the run's; None for none.
        folder: the run's folder.
        config_hash: hash of its settings.

    Returns:
        Whether a record was copied.
    """
    if records is None or (read_results(folder) or {}).get("status") == "completed":
        return False
    found = read_results(records / folder.name) or {}
    if found.get("status") != "completed" or found.get("config_hash") != config_hash:
        return False
    copy_record(records / folder.name, folder)
    return True
