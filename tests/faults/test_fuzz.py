"""Every file that a command reads, damaged at random: one line, exit status 1 or 2, and nothing else touched.

Mutations are drawn from a seed. The quick tests make a few of each kind of file, `-m slow` some hundreds.
"""

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from icv_lightning import enroll
from icv_lightning.errors import UserError
from icv_lightning.paper.evidence import Evidence
from icv_lightning.predict import __main__ as predict
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import read_runs
from icv_lightning.records.variants import group
from icv_lightning.report.tables import paper_tables, unfinished
from tests.report.grid import embed, same, write_run

QUICK, MANY = range(12), range(12, 300)
FEW = [*range(6), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(6, 100))]
SEEDS = [*QUICK, *(pytest.param(seed, marks=pytest.mark.slow) for seed in MANY)]
VALUES = [None, True, -1, 10**30, 0.5, "x", "${oc.env:HOME}", "\x1b[31m", [], {}, [[1], "a"], float("inf")]
READ_BY_REPORT = (
    *("results.json", "metrics.csv", "embeddings/epoch_001.npz", "measured.npz"),
    ".hydra/config.yaml",
)
OF_TEXT, OF_ONE = (0, 2, 6, 7), (2, 6)  # changes that text, and a single value, can have
CELL = Cell("mnist", 0.05, 2, False)


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Cut, flip, repeat, insert or replace bytes."""
    kind = rng.randrange(6)
    at = rng.randrange(len(content) + 1)
    if kind == 0:
        return content[:at]
    if kind == 1:
        flipped = bytearray(content)
        for _ in range(rng.randint(1, 20)):
            flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
        return bytes(flipped)
    if kind == 2:
        return content[:at] + content[rng.randrange(len(content)) :]
    if kind == 3:
        return content[:at] + rng.randbytes(rng.randint(1, 64)) + content[at:]
    if kind == 4:
        return rng.randbytes(rng.randint(0, 2000))
    return (b"[" if rng.random() < 0.5 else b"\n") * 200_000


def changed(node: Any, rng: random.Random) -> Any:
    """Replace, remove or add one value of nested JSON."""
    if not isinstance(node, dict | list) or not node or rng.random() < 0.15:
        return rng.choice(VALUES)
    places = list(node) if isinstance(node, dict) else list(range(len(node)))
    place, copy = rng.choice(places), node.copy()
    if rng.random() < 0.1:
        del copy[place]
    else:
        copy[place] = changed(node[place], rng)
    return copy


def mutate(path: Path, rng: random.Random) -> None:
    """Damage a file; half of those of JSON stay JSON."""
    content = path.read_bytes()
    if path.suffix in (".json", ".yaml") and rng.random() < 0.6:
        path.write_text(json.dumps(changed(json.loads(content), rng)))
    elif path.suffix == ".csv" and rng.random() < 0.6:
        rows = [line.split(",") for line in content.decode().splitlines()]
        row = rng.choice(rows)
        row[rng.randrange(len(row))] = str(rng.choice(VALUES))
        path.write_text("\n".join(map(",".join, rows)))
    elif path.suffix == ".npz" and rng.random() < 0.7:
        arrays = dict(np.load(path))
        key = rng.choice(sorted(arrays))
        values = arrays[key]
        changes: list[Callable[[], Any]] = [
            lambda: values[: len(values) // 2], lambda: values.astype(str), lambda: values[..., None],
            lambda: np.full(values.shape, np.nan), lambda: values.astype(float) * 1e30, lambda: -values - 1,
            lambda: np.zeros(()), lambda: values[:0], lambda: values.astype(np.int64) + 1000,
        ]  # fmt: skip
        possible = range(len(changes)) if values.dtype.kind != "U" else OF_TEXT
        arrays[key] = changes[rng.choice(possible if values.ndim else OF_ONE)]()
        np.savez(path, **arrays)
    else:
        path.write_bytes(damaged(content, rng))


def state(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two completed runs and one that is under way."""
    folder = tmp_path_factory.mktemp("grid")
    for seed in (0, 1):
        snapshots = [embed(CELL, seed, 60, 40)]
        write_run(folder, CELL, seed, same(0.9), epochs=1, snapshots=snapshots, curve={"acc": [0.9]})
    write_run(folder, CELL, 2, status="running", curve={"acc": [0.5]})
    return folder


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", READ_BY_REPORT)
def test_a_report_names_the_damaged_run_and_keeps_the_others(name, seed, grid, tmp_path, caplog):
    rng = random.Random(f"{name} {seed}")
    shutil.copytree(grid, tmp_path / "grid")
    damaged_run = sorted((tmp_path / "grid").glob("*-s*"))[2 if "hydra" in name else 0]
    mutate(damaged_run / name, rng)
    before = state(tmp_path)
    runs = read_runs([tmp_path / "grid"])
    variants, aside = group(runs)
    whole = [run for run in runs if run.status == "completed"]
    assert len(whole) >= 1
    assert {run.seed for run in whole} >= {1}
    for variant in variants:
        for table in paper_tables(variant):
            assert [entry.ours for entry in table.entries.values()]
        assert variant.label.isprintable()
    assert all(run.cause.isprintable() for run in unfinished(runs))
    assert all(record.getMessage().count("\n") == 0 for record in caplog.records)
    evidence = Evidence()
    for run in whole:
        evidence.replicates(run, "acc")
        evidence.replicates(run, "tail")
        assert run.last_snapshot is None or np.isfinite(run.last_snapshot.embeddings).all()
        assert run.curves.shape[0] <= 1
    assert len(aside) <= 3
    assert state(tmp_path) == before


@pytest.mark.parametrize("seed", FEW)
@pytest.mark.parametrize("name", ["checkpoint", "gallery", "picture", "results.json"])
def test_predictions_end_in_a_line(name, seed, own_checkpoint, tmp_path, started, capsys):
    picture = tmp_path / "a.png"
    Image.fromarray(np.zeros((28, 28), np.uint8)).save(picture)
    arguments = ["--checkpoint", own_checkpoint, picture]
    if name == "gallery":
        assert started(enroll, *arguments, "--name", "new") == 0
    if name == "results.json":
        arguments += ["--false-rejection-rate", "0.1"]
    files = {
        "checkpoint": own_checkpoint,
        "picture": picture,
        "gallery": own_checkpoint.with_suffix(".gallery"),
    }
    mutate(files.get(name, own_checkpoint.parent.parent / "results.json"), random.Random(f"{name} {seed}"))
    before = state(tmp_path)
    capsys.readouterr()
    status = started(predict, *arguments)
    said = capsys.readouterr().err
    assert status in (0, 1, 2)
    assert "Traceback" not in said
    assert status != 1 or name == "picture", said  # what nobody foresaw has 1
    assert said.count("\n") <= 2
    assert (status == 0) or said
    assert state(tmp_path) == before


@pytest.mark.parametrize("seed", FEW)
def test_a_damaged_database_is_named(seed, tmp_path):
    optuna = pytest.importorskip("optuna")
    from icv_lightning.search.study import opened

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = tmp_path / "search.db"
    study = optuna.create_study(study_name="search", storage=f"sqlite:///{path}", direction="maximize")
    study.add_trial(optuna.create_trial(params={}, distributions={}, value=0.5))
    rng = random.Random(seed)
    if seed % 3 == 0:  # a database still, of another kind
        with sqlite3.connect(path) as database:
            database.execute("update trial_values set value_type = 'nonsense'")
    else:
        path.write_bytes(damaged(path.read_bytes(), rng))
    before, said = path.read_bytes(), ""
    try:
        assert opened(path, "maximize").get_trials() is not None
    except UserError as error:
        said = str(error)
    assert not said or (said.startswith(f"{path}: ") and said.isprintable() and path.read_bytes() == before)
