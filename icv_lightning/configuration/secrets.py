"""Secrets have no place in settings, which every run writes into files: .hydra/, results.json, trackers."""

import os
import re
from collections.abc import Iterable
from typing import Any

from icv_lightning.errors import UserError
from icv_lightning.nested import leaves

KEY = re.compile(r"(^|[._])(api_?key|access_?key|token|passw(or)?d|secret|credentials?)$", re.IGNORECASE)
URL = re.compile(r"://[^/\s@]+@|[?&][\w-]*(token|key|secret|signature|password)=", re.IGNORECASE)
VARIABLE = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$")
MIN_SECRET_LENGTH = 12  # characters of an environment's secret that is looked for in values


def check_no_secret(settings: Iterable[tuple[str, Any]]) -> None:
    """Check pairs of a dotted key and its value, nested ones included.

    Raises:
        UserError: a key that names a secret and has a value, a URL with a login, or a value that holds a
            secret of the environment; the message never repeats it.
    """
    known = {v: k for k, v in os.environ.items() if VARIABLE.search(k) and len(v) >= MIN_SECRET_LENGTH}
    for key, value in (leaf for name, node in settings for leaf in leaves(node, name)):
        if value in (None, "") or isinstance(value, bool):
            continue
        what = "a secret" if KEY.search(key) else "a login" if URL.search(str(value)) else ""
        what = what or next((f"the value of {known[v]}" for v in known if v in str(value)), "")
        if what:
            raise UserError(
                f"{key}: holds {what}, and settings are written into files; hand it over in the environment, "
                "like WANDB_API_KEY"
            )
