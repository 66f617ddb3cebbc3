"""The settings of a run that has no results yet, in `.hydra/config.yaml`: values, no interpolations."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from icv_lightning.errors import UserError, reason
from icv_lightning.records.files import write_text
from icv_lightning.records.trust import check_plain

SETTINGS_FILE = Path(".hydra") / "config.yaml"


class _Plain(yaml.SafeLoader):
    """Reads no alias: a few lines of them stand for more nodes than fit the memory."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it holds an alias")
        return super().compose_node(parent, index)


def write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Write the resolved settings of the run in `folder`, in place of what Hydra wrote to resolve later."""
    write_text(folder / SETTINGS_FILE, yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True))


def read_settings(folder: Path) -> dict[str, Any]:
    """Return the settings of the run in `folder`; nothing in the file is resolved or run.

    Raises:
        UserError: a file that cannot be read, or holds an interpolation, which could read the environment,
            files and folders of whoever resolves it.
    """
    path = folder / SETTINGS_FILE
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), _Plain)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise UserError(f"{path}: settings that cannot be read ({reason(error)})") from error
    if not isinstance(found, dict):
        raise UserError(f"{path}: holds no settings")
    check_plain(found, path)
    return found
