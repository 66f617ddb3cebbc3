"""The tool that breaks formulas: what it writes, and that its list of harmless breaks is up to date."""

from pathlib import Path

from tests.faults.breaks import breaks
from tests.faults.mutants import KNOWN, PACKAGE


def test_breaks_of_a_line_by_hand_and_what_they_do(tmp_path: Path) -> None:
    module = tmp_path / "losses" / "module.py"
    module.parent.mkdir()
    module.write_text('def f(x: int = 2) -> int:\n    """Give 1 + x."""\n    return x + 1 if x > 0 else -x\n')
    values = {}
    for broken in breaks(module):
        space: dict = {}
        exec(broken.code, space)
        values[str(broken).partition(" → ")[2]] = (space["f"](3), space["f"](0), space["f"](-3), space["f"]())
    line = "return x + 1 if x > 0 else -x"
    assert values == {
        "def f(x: int=3) -> int:": (4, 0, 3, 4),
        line.replace("x > 0", "True"): (4, 1, -2, 3),
        line.replace("x > 0", "False"): (-3, 0, 3, -2),
        line.replace(">", ">="): (4, 1, 3, 3),
        line.replace(">", "<"): (-3, 0, -2, -2),
        line.replace("> 0", "> 1"): (4, 0, 3, 3),
        line.replace("+", "-"): (2, 0, 3, 1),
        line.replace("+ 1", "+ 2"): (5, 0, 3, 4),
        line.replace("-x", "x"): (4, 0, -3, 3),
    }


def test_statements_and_calls_are_dropped(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("with torch.no_grad():\n    self.x += z.detach().mean()\n    self.update(z.T @ z)\n")
    assert sorted(str(broken).partition(": ")[2] for broken in breaks(module)) == sorted(
        [
            "with torch.no_grad(): → if True:",
            "self.x += z.detach().mean() → self.x -= z.detach().mean()",
            "self.x += z.detach().mean() → pass",
            "self.x += z.detach().mean() → self.x += z.detach().sum()",
            "self.x += z.detach().mean() → self.x += z.mean()",
            "self.update(z.T @ z) → pass",
            "self.update(z.T @ z) → self.update(z @ z.T)",
            "self.update(z.T @ z) → self.update(z @ z)",
        ]
    )


def test_what_is_known_to_be_harmless_is_there_to_be_broken() -> None:
    known = {line for line in KNOWN.read_text().splitlines() if line and not line.startswith("#")}
    assert known <= {str(broken) for path in PACKAGE for broken in breaks(path)}
