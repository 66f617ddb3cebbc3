"""Records of nonsense: the report says which cannot be read, and goes on with the others. Needs no torch."""

import itertools
import json

import pytest

pytest.importorskip("pandas")

from icv_lightning.records.runs import read_runs

CELL = {"data": "digits", "lambda": 0.05, "embedding_dim": 2, "normalize": False, "seed": 0}
RECORD = {"status": "completed", "cell": CELL, "metrics": {"test/acc": 0.9, "test/loss": None}}
RECORD |= {
    "versions": {"torch": "2.15"},
    "config": {"data": {"name": "digits"}, "centroids": {"name": "learned"}},
}
PARTS = [("versions",), ("metrics",), ("config",), ("cell",), ("config", "centroids"), ("config", "data")]
PARTS += [("metrics", "test/acc")]


def test_records_of_nonsense_are_said_and_hinder_no_other(tmp_path):
    wrong = list(itertools.product(PARTS, (True, "<b>\x1b", [[1, 2], "x"])))
    for number, (part, value) in enumerate([*wrong, (("seconds",), 1.0)]):
        record = json.loads(json.dumps(RECORD))
        node = record if len(part) == 1 else record[part[0]]
        node[part[-1]] = value
        place = tmp_path / f"digits-d2-raw-l0.05-learned-s{number}-0123abcd"
        place.mkdir()
        (place / "results.json").write_text(json.dumps(record))
    runs = read_runs([tmp_path])
    assert len(runs) == len(wrong) + 1
    assert [run.status for run in runs].count("completed") == 1
    causes = [run.cause for run in runs if run.status == "failed"]
    assert all(cause.startswith("results.json: ") and cause.isprintable() for cause in causes)
