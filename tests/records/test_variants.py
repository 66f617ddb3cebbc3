import dataclasses

from icv_lightning.paper.runs import grouped
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import read_runs
from icv_lightning.records.variants import compared
from tests.report.grid import PAPER_CELLS, same, write_run

CELL = Cell("mnist", 0.05, 2, False)


def variants_of(grid):
    return grouped(read_runs([grid]))


def test_the_whole_grid_is_one_variant_of_the_paper(tmp_path):
    for cell in PAPER_CELLS:
        write_run(tmp_path, cell, 0, same(0.9))
        write_run(tmp_path, cell, 1, same(0.9))
    (variant,), aside = variants_of(tmp_path)
    assert variant.label == "the settings that the paper states"
    assert (len(variant.runs), variant.seeds, aside) == (32, [0, 1], [])
    assert variant.data_sets() == ["mnist", "fashion_mnist"]


def test_other_settings_stand_apart_and_are_named(tmp_path):
    write_run(tmp_path, CELL, 0, same(0.9), epochs=3, suffix="11111111")
    write_run(tmp_path, CELL, 0, same(0.95))
    write_run(tmp_path, CELL, 0, same(0.97), model__net__dropout=0.0, suffix="22222222")
    write_run(tmp_path, Cell("mnist", 0.5, 2, False), 0, same(0.95))
    variants, _ = variants_of(tmp_path)
    assert [variant.label for variant in variants] == [
        "the settings that the paper states",
        "the settings that the paper states; beside the first: model.net.dropout=0",
        "not the paper's settings: trainer.max_epochs=3 (paper: 20)",
    ]
    assert [list(variant.values(CELL, "acc").values()) for variant in variants] == [[0.95], [0.97], [0.9]]


def test_settings_with_completed_runs_lead(tmp_path):
    write_run(tmp_path, CELL, 0, status="running")
    write_run(tmp_path, CELL, 0, same(0.9), epochs=3, suffix="11111111")
    variants, _ = variants_of(tmp_path)
    assert [bool(variant.departures) for variant in variants] == [True, False]


def test_what_changes_no_result_makes_no_variant(tmp_path):
    write_run(tmp_path, CELL, 0, same(0.9))
    write_run(
        tmp_path, CELL, 1, same(0.9), data__root="/elsewhere", data__num_workers=4, trainer__accelerator="gpu"
    )
    write_run(tmp_path, CELL, 2, same(0.9), optimizer__centroid_lr=0.001)  # the optimizer's own
    variants, _ = variants_of(tmp_path)
    assert len(variants) == 1


def test_keys_that_a_data_set_declares_without_effect_are_not_compared():
    data = {"_target_": "icv_lightning.data.ImageFolderDataModule", "name": "image_folder"}
    data |= {"memory_gb": 3, "cache": "/tmp", "eval_batch_size": 9, "monitor_size": 9, "val_size": 3}
    assert compared({"data": data, "optimizer": {"lr": 0.1}}) == (
        {"data.val_size": 3, "optimizer.lr": 0.1},
        {},
    )


def test_precision_is_no_departure_but_is_said(tmp_path):
    write_run(tmp_path, CELL, 0, same(0.9), trainer__precision="bf16-mixed")
    (variant,), _ = variants_of(tmp_path)
    assert variant.departures == ()
    assert variant.label == "the settings that the paper states; trainer.precision=bf16-mixed"
    write_run(tmp_path, CELL, 0, same(0.9), suffix="11111111")
    write_run(tmp_path, CELL, 1, same(0.9), suffix="22222222")
    assert [variant.label for variant in variants_of(tmp_path)[0]] == [
        "the settings that the paper states",
        "the settings that the paper states; trainer.precision=bf16-mixed",
    ]


def test_a_part_of_train_departs_and_a_key_that_came_later_makes_no_variant(tmp_path):
    write_run(tmp_path, CELL, 0, same(0.9))
    write_run(tmp_path, CELL, 1, same(0.9), data__train_size=None)
    write_run(tmp_path, CELL, 0, same(0.8), data__train_size=5000, suffix="11111111")
    variants, _ = variants_of(tmp_path)
    assert [(variant.label, variant.seeds) for variant in variants] == [
        ("the settings that the paper states", [0, 1]),
        ("not the paper's settings: data.train_size=5000", [0]),
    ]


def test_any_other_key_of_the_trainer_departs(tmp_path):
    write_run(tmp_path, CELL, 0, same(0.9), trainer__limit_train_batches=0.1, optimizer__centroid_lr=0.01)
    (variant,), _ = variants_of(tmp_path)
    assert variant.departures == (
        "optimizer.centroid_lr=0.01 (paper: null)",
        "trainer.limit_train_batches=0.1",
    )


def test_a_second_run_of_equal_settings_and_seed_is_set_aside(tmp_path):
    write_run(tmp_path, CELL, 0, same(0.9), status="failed")
    write_run(tmp_path, CELL, 0, same(0.95), suffix="11111111")
    (variant,), aside = variants_of(tmp_path)
    assert variant.values(CELL, "acc") == {0: 0.95}
    assert [run.status for run in aside] == ["failed"]


def test_a_run_of_unknown_settings_is_set_aside(tmp_path):
    write_run(tmp_path, CELL, 0, same(0.9))
    (run,) = read_runs([tmp_path])
    variants, aside = grouped([dataclasses.replace(run, config={})])
    assert (variants, len(aside)) == ([], 1)


def test_numbers_written_as_integers_or_floats_are_one(tmp_path):
    write_run(tmp_path, CELL, 0, same(0.9), model__head__scale=10)
    write_run(tmp_path, CELL, 1, same(0.9), model__head__scale=10.0)
    assert len(variants_of(tmp_path)[0]) == 1


def test_values_that_were_not_finite_are_missing(tmp_path):
    write_run(tmp_path, CELL, 0, {"acc": None})
    (variant,), _ = variants_of(tmp_path)
    assert variant.values(CELL, "acc") == {}
