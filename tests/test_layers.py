"""The floors of the house: a module imports its own floor and lower ones alone; packages form no circle."""

import ast
import functools
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT

FLOORS = (  # from the lowest
    ("nested", "escaping", "errors", "hardware", "terminal", "shapes"),
    ("declarations",),
    ("variability", "inference", "distributed", "data", "centroids", "records"),
    ("nets", "losses", "optimizers", "evaluation", "configuration", "strategies"),
    ("metrics",),
    ("module",),
    ("building", "loggers"),
    ("callbacks", "recognition", "paper"),
    ("grid", "command_line", "report"),
    ("run",),
    ("search", "predict", "enroll", "export", "verify", "unseen", "audit", "dashboard"),
    ("__main__",),
    ("completion",),
)
LEVEL = {room: level for level, floor in enumerate(FLOORS) for room in floor}
PACKAGE = ROOT / "icv_lightning"


def room(module: str) -> str:
    return [*module.split("."), ""][1]


def imports(path: Path) -> set[str]:
    """Return the modules of this package that a file imports, inside functions too, not for types alone."""
    tree = ast.parse(path.read_text())
    typed = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in typed:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name for name in names if name.startswith("icv_lightning.")}
    return found


@functools.cache
def graph() -> dict[str, set[str]]:
    """Return for each room the rooms that its files import."""
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        own = path.relative_to(PACKAGE).with_suffix("").parts[0]
        if own != "__init__":
            found.setdefault(own, set()).update({room(module) for module in imports(path)} - {own})
    return found


def test_every_room_has_a_floor() -> None:
    assert set(graph()) <= set(LEVEL)


@pytest.mark.parametrize("own", sorted(graph()))
def test_no_room_imports_one_above_it(own: str) -> None:
    assert not {other for other in graph()[own] if LEVEL[other] > LEVEL[own]}


def test_rooms_form_no_circle() -> None:
    TopologicalSorter(graph()).prepare()


def test_modules_form_no_circle() -> None:
    files = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in PACKAGE.rglob("*.py")
    }
    edges = {
        name: {module if module in files else module.rpartition(".")[0] for module in imports(path)} - {name}
        for name, path in files.items()
    }
    TopologicalSorter(edges).prepare()


def test_the_report_imports_no_training_code() -> None:
    training = {"module", "nets", "losses", "centroids", "optimizers", "callbacks", "run", "building"}
    seen, left = set(), ["report"]
    while left:
        here = left.pop()
        seen.add(here)
        left += sorted(graph().get(here, set()) - seen)
    assert not seen & training
