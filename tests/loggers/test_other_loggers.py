"""Any other Lightning logger is one conf file away: the example in docs/dashboards.md, with a stand-in."""

import csv
import inspect
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from lightning.pytorch import loggers

from icv_lightning.records.results import read_results
from tests.conftest import ROOT, cells


class Recorder(loggers.Logger):
    """What stands in for MLflow's logger; it accepts the arguments of the real one alone."""

    made: list["Recorder"] = []  # noqa: RUF012
    accepted = inspect.signature(loggers.MLFlowLogger)
    name, version = "mlflow", "1"

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.options = self.accepted.bind(**options).arguments
        self.settings: dict[str, Any] = {}
        self.scalars: dict[str, float] = {}
        self.made.append(self)

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        self.settings.update(params)

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        self.scalars.update(metrics)


def test_the_example_in_the_documents_gets_settings_and_scalars(
    main: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "docs" / "dashboards.md").read_text()
    (example,) = re.findall(r"```yaml\n(.*?MLFlowLogger.*?)```", text, re.DOTALL)
    path = tmp_path / "my_conf" / "logger" / "mlflow.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(example)
    monkeypatch.setattr(loggers, "MLFlowLogger", Recorder)
    Recorder.made.clear()

    assert main("--config-dir", "my_conf", "logger=mlflow", "loss.lambda=0.5", "trainer.max_epochs=1") == 0
    (folder,), (recorder,) = cells(tmp_path / "outputs"), Recorder.made
    results = read_results(folder) or {}
    assert recorder.options["run_name"] == folder.name
    assert recorder.options["experiment_name"] == "runs"
    assert recorder.options["tags"] == {"data": "digits", "lambda": 0.5}
    assert recorder.settings["num_parameters"] == results["num_parameters"]
    assert {key: recorder.scalars[key] for key in results["metrics"]} == pytest.approx(results["metrics"])
    with (folder / "metrics.csv").open(newline="") as file:
        columns = set(next(csv.reader(file)))
    assert set(recorder.scalars) - {"train/images_per_second"} == columns - {"step"}
