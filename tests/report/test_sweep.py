"""A grid that is not the paper's: what differs is found and named; means and paired differences by hand."""

import csv
import json

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.stats import t

from icv_lightning import load_runs
from icv_lightning.errors import UserError
from icv_lightning.records.axes import axes_of
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import read_runs
from icv_lightning.report.build import write_report
from icv_lightning.report.figures.curves import by_epoch
from icv_lightning.report.sweep import Layout, Sweep
from icv_lightning.report.text_tables import latex, markdown
from tests.report.grid import write_run

CELL = Cell("digits", 0.05, 8, False)
VALUES = {
    ("convnet", "icv"): [0.90, 0.92, 0.94],
    ("convnet", "discriminant"): [0.91, 0.92, 0.95],
    ("lenet_pp", "icv"): [0.95, 0.96, 0.97],
    ("lenet_pp", "discriminant"): [0.90, 0.90, 0.91],
}


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    """Return a folder of 2 networks x 2 losses x 3 seeds; a network's widths follow from its name."""
    folder = tmp_path_factory.mktemp("mine")
    for i, ((model, loss), values) in enumerate(VALUES.items()):
        for seed, value in enumerate(values):
            metrics = {"acc": value, "acc_nearest_class_mean": value - 0.01}
            settings = {
                "model__name": model,
                "loss__name": loss,
                "model__net__widths": [8] if i < 2 else [4, 4],
            }
            write_run(folder, CELL, seed, metrics, epochs=3, suffix=f"{i:08x}", **settings)
    return folder


def sweep(grid, **layout):
    return Sweep(read_runs([grid]), Layout(**layout))


def test_what_differs_is_found_and_what_follows_is_not(grid):
    axes = axes_of(read_runs([grid]))
    assert [(axis.title, axis.values) for axis in axes] == [
        ("model", ("convnet", "lenet_pp")), ("loss", ("discriminant", "icv"))
    ]  # fmt: skip


def test_an_earlier_report_is_not_taken_for_a_run(tmp_path, caplog):
    write_run(tmp_path, CELL, 0, {"acc": 0.9})
    for _ in range(2):
        write_report([tmp_path])
    assert (tmp_path / "report" / "results.json").is_file()
    assert not [record for record in caplog.records if "left out" in record.getMessage()]


def test_one_epoch_has_a_place_in_whole_numbers():
    panel = Figure().subplots()
    panel.plot([3], [0.5], "o")
    by_epoch(np.array([[panel]]))
    assert [x for x in panel.get_xticks() if panel.get_xlim()[0] < x < panel.get_xlim()[1]] == [3]


def test_numbers_stand_in_order(tmp_path):
    for i, weight in enumerate((1.0, 0.05, 0.5, 10.0)):
        write_run(tmp_path, CELL._replace(weight=weight), 0, {"acc": 0.9}, suffix=f"{i:08x}")
    (axis,) = axes_of(read_runs([tmp_path]))
    assert (axis.title, axis.values) == ("λ", ("0.05", "0.5", "1", "10"))


def test_a_setting_that_no_name_tells_is_called_by_its_key(tmp_path):
    for i, decay in enumerate((0.0, 0.01)):
        write_run(
            tmp_path, CELL, 0, {"acc": 0.9}, suffix=f"{i:08x}", optimizer__algorithm__weight_decay=decay
        )
    assert [axis.title for axis in axes_of(read_runs([tmp_path]))] == ["optimizer.algorithm.weight_decay"]


def test_all_settings_stand_in_one_table_with_intervals(grid):
    (table,) = sweep(grid).tables()
    assert table.heading == ["model", "loss", "seeds", "highest score", "nearest class mean"]
    assert [row[:3] for row in table.rows] == [
        ["convnet", "discriminant", "3"], ["convnet", "icv", "3"],
        ["lenet_pp", "discriminant", "3"], ["lenet_pp", "icv", "3"],
    ]  # fmt: skip
    values = np.array(VALUES["convnet", "icv"])
    half = t.ppf(0.975, 2) * values.std(ddof=1) / 3**0.5
    assert table.rows[1][3] == f"{values.mean():.4f} ± {half:.4f}"
    assert table.note == "Mean over seeds ± half the 95 % t interval, n = 3 seeds."


def test_rows_and_columns_are_chosen(grid):
    scores, means = sweep(grid, rows=["loss"], columns=["model"]).tables()
    assert scores.title == "Test accuracy, highest score"
    assert scores.heading == ["loss", "model convnet", "model lenet_pp"]
    assert [row[0] for row in scores.rows] == ["discriminant", "icv"]
    assert means.title == "Test accuracy, nearest class mean"


def test_differences_are_paired_over_seeds(grid):
    _, table = sweep(grid, baseline={"model": "convnet"}).tables()
    by_setting = {tuple(row[:2]): row[3] for row in table.rows}
    gaps = np.subtract(VALUES["lenet_pp", "icv"], VALUES["convnet", "icv"])
    half = t.ppf(0.975, 2) * gaps.std(ddof=1) / 3**0.5
    assert by_setting["lenet_pp", "icv"] == f"{gaps.mean():+.4f} ± {half:.4f}"
    assert by_setting["convnet", "icv"] == "baseline"


def test_a_rest_of_the_axes_is_never_averaged_over(tmp_path):
    for i, (weight, dim) in enumerate([(0.05, 2), (0.5, 2), (0.05, 4), (0.5, 4)]):
        cell = CELL._replace(weight=weight, embedding_dim=dim)
        write_run(tmp_path, cell, 0, {"acc": 0.5 + i / 10}, suffix=f"{i:08x}")
    (table,) = sweep(tmp_path, columns=["N"]).tables()
    assert table.heading == ["λ", "N 2", "N 4"]
    assert table.rows == [["0.05", "0.5000", "0.7000"], ["0.5", "0.6000", "0.8000"]]


def test_a_hostile_name_is_escaped(tmp_path):
    for i, name in enumerate(("convnet", "</script><img src=x>")):
        write_run(tmp_path, CELL, 0, {"acc": 0.9}, suffix=f"{i:08x}", model__name=name)
    (table,) = sweep(tmp_path).tables()
    assert r"\</script\>\<img src=x\>" in markdown(table)


def test_runs_that_did_not_end_are_told(tmp_path):
    write_run(tmp_path, CELL, 0, {"acc": 0.9})
    write_run(tmp_path, CELL, 1, status="failed", suffix="11111111")
    (table,) = sweep(tmp_path).tables()
    assert table.rows == [["2", "0.9000 (1 failed)"]]


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        ({"rows": ["lr"]}, "--rows lr: must be what differs between the runs, model, loss"),
        ({"columns": ["optimizer"]}, "--columns optimizer: must be what differs"),
        ({"baseline": {"loss": "triplet"}}, "--baseline loss=triplet: must be one of discriminant, icv"),
    ],
)
def test_what_the_grid_does_not_have(grid, layout, words):
    with pytest.raises(UserError, match=words):
        sweep(grid, **layout)


def test_the_report_holds_no_word_of_the_paper(grid):
    report, grids = write_report([grid], Layout(baseline={"loss": "icv"}))
    assert [table.title for table in grids] == ["Test accuracy", "Difference to loss icv"]
    page = (report / "index.html").read_text().split("</style>")[1]
    assert not [word for word in ("the paper", "Claims", "published", "Table 1") if word in page]
    assert "<b>model</b> (convnet, lenet_pp)" in page
    rows = list(csv.DictReader((report / "tables" / "settings.csv").open()))
    first = next(row for row in rows if (row["model"], row["loss"]) == ("convnet", "discriminant"))
    assert float(first["mean"]) == pytest.approx(np.mean(VALUES["convnet", "discriminant"]))
    assert not (report / "tables" / "claims.csv").exists()
    assert len(json.loads((report / "results.json").read_text())) == 12


def test_latex_has_a_label_n_and_what_the_sign_means(grid):
    text = latex(sweep(grid).tables()[0])
    assert r"\label{tab:grid}" in text
    assert r"Mean over seeds $\pm$ half the 95 \% t interval, n = 3 seeds." in text


def test_runs_as_a_table_for_pandas(grid):
    table = load_runs(grid)
    assert len(table) == 12
    assert {"model.name", "loss.name", "model.net.widths", "seed", "test/acc"} <= set(table.columns)
    means = table.groupby(["model.name", "loss.name"])["test/acc"].mean()
    assert means["lenet_pp", "icv"] == pytest.approx(0.96)
    assert (table.status == "completed").all()
