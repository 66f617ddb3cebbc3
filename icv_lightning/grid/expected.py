"""What an experiment file expects of its runs (`expected:`), checked when the command ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from icv_lightning.configuration.checks import Request
from icv_lightning.configuration.short_words import key_in
from icv_lightning.declarations.settings import has_effect
from icv_lightning.errors import UserError
from icv_lightning.nested import select
from icv_lightning.records.results import read_results

Run = tuple[Mapping[str, Any], Mapping[str, Any]]  # configuration and results of a completed run


@dataclass(frozen=True)
class Statement:
    """The mean of a measure over some runs, or its difference to that over others, lies between two bounds.

    Attributes:
        measure: a key of `metrics` in results.json, e.g. "test/acc".
        where: dotted keys and the value, or list of values, that the runs have; empty for all runs.
        minus: keys and values of the runs whose mean is subtracted; None for no difference.
        low: the least value expected.
        high: the greatest.
    """

    measure: str
    where: Mapping[str, Any] = field(default_factory=dict)
    minus: Mapping[str, Any] | None = None
    low: float = float("-inf")
    high: float = float("inf")

    def value(self, runs: Sequence[Run]) -> float | None:
        """Return what `runs` give, None where none of them is meant."""
        own = _mean(self.measure, self.where, runs)
        other = 0.0 if self.minus is None else _mean(self.measure, {**self.where, **self.minus}, runs)
        return None if own is None or other is None else own - other

    def __str__(self) -> str:
        less = f" minus {_words(self.minus)}" if self.minus is not None else ""
        bounds = " and ".join(
            words
            for words, bound in ((f"at least {self.low:g}", self.low), (f"at most {self.high:g}", self.high))
            if abs(bound) != float("inf")
        )
        return f"{self.measure} of {_words(self.where)}{less}: {bounds}"


def statements(node: Any) -> list[Statement]:
    """Return the statements of an `expected` node.

    Raises:
        UserError: an entry that is not one, naming it.
    """
    found = []
    for entry in node or ():
        try:
            found.append(Statement(**entry))
        except TypeError as error:
            raise UserError(
                f"expected: {entry}: must have measure, low or high, and may have where and minus"
            ) from error
    return found


def of(request: Request) -> list[Statement]:
    """Return what is expected of the runs that a command asks for.

    Nothing is where the command line changes more than seeds, the device and the values of the file's own
    sweep: an experiment file speaks of its own settings.

    Raises:
        UserError: as `statements`.
    """
    assert request.composition is not None
    composition, first = request.composition, request.cells[0]
    found = statements(first.config.get("expected"))
    swept = composition.config.hydra.sweeper.get("params") or {}
    free = {"experiment", "seed", "trainer.accelerator", *swept}
    changed = {key_in(text) for text in composition.overrides} - free
    if any(has_effect(key, first.declared) and not key.startswith("hydra") for key in changed):
        return []
    return found


def completed(request: Request) -> list[Run]:
    """Return the runs of a request that are completed, as their folders hold them."""
    found = [(cell.config, read_results(Path(cell.config["paths"]["run"])) or {}) for cell in request.cells]
    return [(config, results) for config, results in found if results.get("status") == "completed"]


def compared(expected: Sequence[Statement], runs: Sequence[Run]) -> list[str]:
    """Return the lines that end a command: "as expected", or each statement that does not hold."""
    found = [(statement, statement.value(runs)) for statement in expected]
    checked = [(statement, value) for statement, value in found if value is not None]
    wrong = [(s, value) for s, value in checked if not s.low <= value <= s.high]
    if not wrong:
        return [f"as expected: {len(checked)} of {len(expected)} statements checked"] if checked else []
    return [f"not as expected: {statement}; here {value:.4g}" for statement, value in wrong]


def _mean(measure: str, where: Mapping[str, Any], runs: Sequence[Run]) -> float | None:
    values = [results["metrics"].get(measure) for config, results in runs if _has(config, where)]
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _has(config: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    return all(
        select(config, key) in (value if isinstance(value, list) else [value]) for key, value in where.items()
    )


def _words(where: Mapping[str, Any]) -> str:
    return " ".join(f"{key}={value}" for key, value in where.items()) or "all runs"
