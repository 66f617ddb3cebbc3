"""A search whose runs leave results at once."""

import csv
import functools
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import pytest

from icv_lightning.records.results import write_results
from icv_lightning.search import __main__ as search

BASE = ("search=lambda_dim", "data=digits", "data.val_size=300", "name=look")
SPACE, LAMBDA, DIM = (f"search.space{key}" for key in ("", ".loss.lambda", ".model.embedding_dim"))


@pytest.fixture
def main(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Call the command here, in an empty folder; give its exit status."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["search", *arguments])
        with pytest.raises(SystemExit) as end:
            search.main()
        return int(end.value.code or 0)

    return call


class Runs:
    """In place of processes: each run leaves results at once, by a rule; the numbers in `killed` do not."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.killed: set[int] = set()
        self.code = 0
        self.value: Callable[[float, int], float] = lambda weight, dim: (
            1 - (math.log10(weight) + 1.5) ** 2 + dim / 100
        )

    def __call__(self, arguments: Sequence[str], lock: IO[Any]) -> int:
        self.asked.append(list(arguments))
        if len(self.asked) in self.killed:
            raise KeyboardInterrupt
        from icv_lightning.search.plan import composed

        config = composed(arguments)
        folder = Path(config.paths.run)
        folder.mkdir(parents=True, exist_ok=True)
        if self.code:
            return self.code
        value = self.value(config.loss["lambda"], config.model.embedding_dim)
        (folder / "metrics.csv").write_text(
            f"epoch,val/acc_nearest_class_mean,test/acc\n1,9,9\n2,{value!r},9\n"
        )
        write_results(folder, {"status": "completed", "metrics": {"test/acc": 9}})
        return 0


@functools.cache
def composed_once(overrides: tuple[str, ...]) -> Any:
    """Return a composed configuration; the first trials of most searches are the same."""
    from icv_lightning.search.plan import composed

    return composed(overrides)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    from icv_lightning.search import study, trials

    fake = Runs()
    monkeypatch.setattr(study, "composed", lambda overrides: composed_once(tuple(overrides)))
    monkeypatch.setattr(trials, "launch", fake)
    return fake


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "trials.csv").open(newline="") as file:
        return list(csv.DictReader(file))
