"""The W&B workspace: every key that it names is one that runs log; it is made without any network."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from icv_lightning import dashboard
from icv_lightning.configuration.checks import check
from icv_lightning.configuration.resolvers import register_resolvers
from tests.conftest import ROOT, TINY_WITH_FIGURES

pytest.importorskip("wandb_workspaces")
pytestmark = pytest.mark.filterwarnings("ignore:Pydantic V1 style")
ARGUMENTS = ("--entity", "us", "--project", "icv")


def strings(node: Any) -> Iterator[str]:
    """Yield every string in a specification."""
    if isinstance(node, dict):
        node = [*node.keys(), *node.values()]
    if isinstance(node, list):
        for value in node:
            yield from strings(value)
    if isinstance(node, str):
        yield node


@pytest.fixture
def view(
    started: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> dict[str, Any]:
    """What `--dry-run` prints, on a machine without a network."""

    def refuse(*arguments: Any) -> None:
        raise AssertionError("no network")

    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        assert started(dashboard, *ARGUMENTS, "--dry-run") == 0
    return json.loads(capsys.readouterr().out)


def test_every_key_that_a_panel_names_is_logged(
    view: dict[str, Any], main: Callable[..., int], tmp_path: Path
) -> None:
    assert main("as_is", *TINY_WITH_FIGURES, "trainer.max_epochs=1", "logger=wandb") == 0
    (folder,) = tmp_path.glob("outputs/*/*/wandb/offline-run-*")
    reader = [sys.executable, "-m", "wandb", "leet", "inspect", str(folder), "--summary", "--json"]
    said = json.loads(subprocess.run(reader, capture_output=True, text=True, check=True).stdout)

    words = list(strings(view["spec"]))
    named = {key for word in words for key in re.findall(r"(?:train|val|test)/\w+", word)}
    assert len(named) > 10
    assert named <= set(said["summary"])
    assert {"test/acc", "test/acc_nearest_centroid", "test/acc_nearest_class_mean"} <= named
    settings = {w.removeprefix("config:").replace(".value", "") for w in words if ".value" in w}
    settings |= {
        key["name"].replace(".value", "") for key in view["spec"]["section"]["runSets"][0]["grouping"]
    }
    assert {"loss.lambda", "model.embedding_dim", "cell_any_seed"} <= settings
    for path in settings:
        node: Any = said["config"]
        for part in path.split("."):
            assert part in node, path
            node = node[part]


def test_the_panels_asked_for_are_there(view: dict[str, Any]) -> None:
    sections = view["spec"]["section"]["panelBankConfig"]["sections"]
    panels = {section["name"]: section["panels"] for section in sections}
    assert [panel["config"].get("groupBy") for panel in panels["Accuracies by λ"]][:3] == [
        "loss.value.lambda"
    ] * 3
    against = panels["Accuracies by λ"][3]["config"]
    assert (against["xAxis"], against["yAxis"]) == ("summary:test/acc", "summary:test/acc_nearest_centroid")
    losses = [metric for panel in panels["Training"] for metric in panel["config"]["metrics"]]
    assert {"train/loss", "test/loss_ce", "test/loss_var"} <= set(losses)
    assert all(panel["config"]["groupArea"] == "stddev" for panel in panels["Training"])  # bands over seeds
    assert panels["Embeddings"][0]["config"]["mediaKeys"] == ["test/embeddings"]
    assert panels["The grid"][0]["viewType"] == "Parallel Coordinates Plot"


def test_it_is_of_the_project_that_was_named(view: dict[str, Any]) -> None:
    assert (view["entity"], view["project"]) == ("us", "icv")
    (runs,) = view["spec"]["section"]["runSets"]
    assert "finished" in json.dumps(runs["filters"])


def test_saving_needs_a_login(
    started: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from icv_lightning.errors import UserError

    def refuse(asked_by: str, otherwise: str) -> None:
        raise UserError(f"{asked_by}: not logged in; {otherwise}")

    monkeypatch.setattr(dashboard, "check_login", refuse)
    assert started(dashboard, *ARGUMENTS) == 2
    assert capsys.readouterr().err == (
        "error: dashboard: not logged in; or see what would be saved with --dry-run\n"
    )


def test_without_the_package_it_says_what_to_install(
    started: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "wandb_workspaces", None)
    assert started(dashboard, *ARGUMENTS, "--dry-run") == 2
    assert "pip install 'icv-lightning[dashboard]'" in capsys.readouterr().err


def test_what_a_sweep_s_agent_starts_is_a_run_that_the_command_accepts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from wandb.sdk.launch.sweeps.utils import create_sweep_command_args

    register_resolvers()
    asked = []
    monkeypatch.setattr("icv_lightning.configuration.checks.check_login", lambda: asked.append(1))
    sweep = yaml.safe_load((ROOT / "docs" / "wandb_sweep.yaml").read_text())
    assert sweep["metric"]["name"] in (dashboard.ACC, dashboard.NEAREST, dashboard.MEANS)
    for choose in (0, -1):
        values = {key: {"value": spec["values"][choose]} for key, spec in sweep["parameters"].items()}
        said = create_sweep_command_args({"args": values})["args_no_hyphens"]
        *fixed, last = sweep["command"]
        assert fixed[:4] == ["${env}", "python", "-m", "icv_lightning.run"]
        assert last == "${args_no_hyphens}"
        check([*fixed[4:], *said])
    assert asked == [1, 1]
