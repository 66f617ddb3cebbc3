"""The axes of a grid: the fewest settings that tell its runs apart, and the runs at each place."""

import pytest

from icv_lightning.records.axes import Axis, axes_of, by_place, label, named, other_settings, rank
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import read_runs
from tests.report.grid import same, write_run

WEIGHT, DIM = Axis("loss.lambda", "λ", ("0.05", "0.5", "10")), Axis("model.embedding_dim", "N", ("2", "16"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two weights of two sizes, of two seeds each; more workers change nothing."""
    folder = tmp_path_factory.mktemp("grid")
    for weight in 0.5, 10.0:
        for dim in 2, 16:
            for seed in 0, 1:
                write_run(folder, Cell("mnist", weight, dim, False), seed, same(0.9), data__num_workers=seed)
    return read_runs([folder])


def test_axes_are_in_numeric_order_and_leave_out_seeds_and_what_changes_no_result(runs):
    assert [(axis.title, axis.values) for axis in axes_of(runs)] == [("λ", ("0.5", "10")), ("N", ("2", "16"))]


def test_each_place_holds_its_runs(runs):
    found = by_place(runs, axes_of(runs))
    assert list(found) == [("0.5", "2"), ("0.5", "16"), ("10", "2"), ("10", "16")]
    assert [[run.seed for run in there] for there in found.values()] == [[0, 1]] * 4


@pytest.mark.parametrize("name", ["λ", "lambda", "loss.lambda"])
def test_an_axis_has_several_names(name):
    assert named(name, [DIM, WEIGHT]) == WEIGHT
    assert named(name, [DIM]) is None


def test_words_and_ranks():
    assert label(("10", "2"), [WEIGHT, DIM]) == "λ 10, N 2"
    assert label((), []) == "all runs"
    assert rank(("10", "2"), [WEIGHT, DIM]) == [2, 0]


def test_what_no_column_tells(runs):
    assert set(other_settings(runs, {"loss.lambda"}).values()) == {"N 2", "N 16"}
    assert set(other_settings(runs, {"loss.lambda", "model.embedding_dim"}).values()) == {""}
