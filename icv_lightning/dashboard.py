"""The W&B workspace of a grid, as code: `python -m icv_lightning.dashboard --entity … --project …`."""

import argparse
from typing import Any

from icv_lightning.configuration.wandb_login import check_login
from icv_lightning.errors import UserError
from icv_lightning.terminal.exit_status import run

ACC, NEAREST, MEANS = "test/acc", "test/acc_nearest_centroid", "test/acc_nearest_class_mean"
SEEDS = "cell_any_seed"  # runs that share it differ in the seed alone
GRID = {
    "data.name": "data",
    "model.embedding_dim": "N",
    "model.normalize": "normalised",
    "centroids.name": "centroids",
    "loss.lambda": "λ",
}


def workspace(entity: str, project: str, name: str = "Intra-class variance") -> Any:
    """Return the workspace, a `wandb_workspaces.workspaces.Workspace`; builds it without any network.

    Args:
        entity: user or team of W&B.
        project: W&B project.
        name: name of the saved view.

    Raises:
        UserError: the package wandb-workspaces is not installed.
    """
    try:
        from wandb_workspaces import expr
        from wandb_workspaces import workspaces as ws
        from wandb_workspaces.reports import v2 as wr
    except ImportError as error:
        raise UserError("needs wandb-workspaces: pip install 'icv-lightning[dashboard]'") from error
    sections = {
        "Accuracies by λ": _by_lambda(wr),
        "Training": _curves(wr),
        "Embeddings": _pictures(wr),
        "The grid": [_coordinates(wr)],
    }
    return ws.Workspace(
        entity=entity,
        project=project,
        name=name,
        sections=[ws.Section(name=title, panels=panels, is_open=True) for title, panels in sections.items()],
        settings=ws.WorkspaceSettings(x_axis="epoch", max_runs=50),
        runset_settings=ws.RunsetSettings(
            filters=expr.And(expr.Metric("State") == "finished"),
            groupby=[expr.Config(SEEDS)],
            pinned_columns=[f"summary:{key}" for key in (ACC, NEAREST, MEANS)],
        ),
    )


def _by_lambda(wr: Any) -> list[Any]:
    bars = [
        wr.BarPlot(
            title=f"{key} by λ, mean and deviation", metrics=[key], orientation="v",
            groupby=wr.Config("loss.lambda"), groupby_aggfunc="mean", groupby_rangefunc="stddev",
        )
        for key in (ACC, NEAREST, MEANS)
    ]  # fmt: skip
    against = wr.ScatterPlot(
        title="highest score against nearest centroid, colour λ",
        x=wr.SummaryMetric(ACC), y=wr.SummaryMetric(NEAREST), z=wr.Config("loss.lambda"),
    )  # fmt: skip
    return [*bars, against]


def _curves(wr: Any) -> list[Any]:
    plots = {
        "test accuracies by epoch": [ACC, NEAREST, MEANS],
        "loss": ["train/loss", "test/loss"],
        "cross-entropy": ["train/loss_ce", "test/loss_ce"],
        "intra-class variance": ["train/loss_var", "test/loss_var"],
        "within-class over between-class variance": ["train/var_ratio", "test/var_ratio"],
        "images a second": ["train/images_per_second"],
    }
    return [
        wr.LinePlot(
            title=title, x="epoch", y=keys, aggregate=True, groupby_aggfunc="mean", groupby_rangefunc="stddev"
        )
        for title, keys in plots.items()
    ]


def _pictures(wr: Any) -> list[Any]:
    return [
        wr.MediaBrowser(title="embeddings by epoch", media_keys=["test/embeddings"], gallery_axis="step"),
        wr.MediaBrowser(title="confusion", media_keys=["test/confusion"]),
        wr.MediaBrowser(title="within-class variance", media_keys=["test/var_within_per_class"]),
        wr.WeavePanelSummaryTable(table_name="test/sample"),
        wr.WeavePanelSummaryTable(table_name="test/per_class"),
    ]


def _coordinates(wr: Any) -> Any:
    columns = [(wr.Config(key), words) for key, words in GRID.items()]
    columns += [(wr.SummaryMetric(key), key.removeprefix("test/")) for key in (MEANS, NEAREST, ACC)]
    axes = [wr.ParallelCoordinatesPlotColumn(metric=metric, display_name=words) for metric, words in columns]
    return wr.ParallelCoordinatesPlot(title="the grid", columns=axes)


def main() -> None:
    """Save the workspace, or print it; exit with 0, 1, 2 (wrong input) or 130 (stopped)."""
    run(parser(), _save)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    found = argparse.ArgumentParser(prog="python -m icv_lightning.dashboard", description=__doc__)
    found.add_argument("--entity", required=True, help="user or team of W&B")
    found.add_argument("--project", required=True, help="W&B project that the runs are in")
    found.add_argument("--name", default="Intra-class variance", help="name of the saved view")
    found.add_argument("--dry-run", action="store_true", help="print what would be saved; no network")
    return found


def _save(arguments: argparse.Namespace) -> int:
    view = workspace(arguments.entity, arguments.project, arguments.name)
    if arguments.dry_run:
        print(view._to_model().model_dump_json(by_alias=True, exclude_none=True, indent=2))
        return 0
    check_login("dashboard", "or see what would be saved with --dry-run")
    view.save()
    print(f"saved: {view.url}")
    return 0


if __name__ == "__main__":
    main()
