"""A benchmark's table for the terminal, and its JSON in outputs/benchmarks/, with the machine it ran on."""

import datetime
import json
import os
import platform
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

FOLDER = Path("outputs") / "benchmarks"


def machine() -> dict[str, Any]:
    """Return what the figures depend on: processor, cores, GPU, load, versions, commit."""
    import torch

    cpuinfo = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    name = re.search(r"model name\s*: (.*)", cpuinfo)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return {
        "processor": name[1] if name else platform.processor(),
        "cores": os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "torch": torch.__version__,
        "commit": commit.stdout.strip() or None,
        "date": datetime.date.today().isoformat(),
    }


def out(name: str, rows: Sequence[tuple[str, float, str]], **details: Any) -> None:
    """Print `rows` of (measure, value, goal); write them and `details` to outputs/benchmarks/<name>.json."""
    table = Table("measure", "seen", "goal")
    for measure, value, goal in rows:
        table.add_row(measure, f"{value:.3g}", goal)
    Console().print(table)
    FOLDER.mkdir(parents=True, exist_ok=True)
    found = {"rows": [dict(zip(("measure", "seen", "goal"), row, strict=True)) for row in rows]}
    (FOLDER / f"{name}.json").write_text(
        json.dumps(found | {"machine": machine()} | details, indent=2) + "\n"
    )
    print(f"written: {FOLDER / f'{name}.json'}")


def met(value: float, goal: str) -> bool | None:
    """Tell whether `value` is as a goal such as "<= 0.15" says; None where it asks for another machine."""
    found = re.fullmatch(r"(<=|>=) ([0-9.e-]+)( \(.*\))?", goal)
    if found is None:
        return None
    return value <= float(found[2]) if found[1] == "<=" else value >= float(found[2])


def summary() -> None:
    """Print every row with a goal of the files in outputs/benchmarks/, and whether it was met."""
    table = Table("measure", "seen", "goal", "met")
    for path in sorted(FOLDER.glob("*.json")):
        for row in json.loads(path.read_text()).get("rows", []):
            if (reached := met(row["seen"], row["goal"])) is not None:
                table.add_row(row["measure"], f"{row['seen']:.3g}", row["goal"], "yes" if reached else "NO")
    Console().print(table)
