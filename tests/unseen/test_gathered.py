"""Which runs are compared, and what is written of them."""

import csv
from io import StringIO

from icv_lightning.paper.evidence import paired
from icv_lightning.records.csv_files import csv_text
from icv_lightning.unseen.gathered import evidence
from icv_lightning.unseen.study import Split

RUN = {
    "data": "mnist", "trained_on": "0 1", "seed": 0, "embedding_dim": 16, "normalize": False, "lambda": 0.0,
    "method": "network", "distance": "euclidean", "ways": 3, "shots": 5, "measure": "among_new", "value": 0.5,
    "settings": "",
}  # fmt: skip


def rows(**changes) -> list[dict]:
    """Cross-entropy and λ 0.05, which is 0.25 better; changes are of the latter."""
    return [RUN, RUN | {"lambda": 0.05, "value": 0.75} | changes]


def test_a_pair_differs_in_lambda_alone():
    assert evidence(rows()) == [
        {
            "claim": 12,
            "data": "mnist",
            "cell": "N = 16, not normalised, 3 new classes from 5 each, ICV λ 0.05 − CE",
            "seed": "0 1, 0",
            "ours": 0.75,
            "other": 0.5,
            "overlap": 3 / 2,
        }
    ]
    for changes in (
        {"data": "digits"}, {"trained_on": "0 2"}, {"seed": 1}, {"embedding_dim": 2}, {"normalize": True},
        {"ways": 2}, {"settings": "model lenet_pp"},
        {"shots": 1}, {"measure": "auroc"}, {"distance": "cosine"}, {"method": "PCA"},
    ):  # fmt: skip
        assert evidence(rows(**changes)) == []


def test_the_report_pairs_choices_of_classes():
    second = [row | {"trained_on": "1 2"} for row in rows(value=0.625)]
    found = paired(evidence([*rows(), *second]), 12)
    assert found == {
        ("mnist", "N = 16, not normalised, 3 new classes from 5 each, ICV λ 0.05 − CE"): (
            [0.25, 0.125],
            3 / 2,
        )
    }


def test_choices_that_are_no_list_of_classes_share_none():
    assert evidence([row | {"trained_on": "fold 0"} for row in rows()])[0]["overlap"] == 0


def test_csv_has_a_column_a_label():
    (first, second) = csv.DictReader(StringIO(csv_text(rows(value=1 / 3), digits=6)))
    assert first == {key: str(value) for key, value in RUN.items()} | {"lambda": "0"}
    assert second["value"] == "0.333333"


def test_folds_are_choices_of_persons():
    named = [Split({"name": "orl", "fold": fold}).trained_on for fold in (None, 0, 1)]
    assert named == ["", "fold 0", "fold 1"]
