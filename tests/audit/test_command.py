"""The command: page, files, formats, one line on what is wrong."""

import csv
import io
import json
import sys

import numpy as np
import pytest

from icv_lightning.audit.__main__ import main


def audited(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["audit", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code, *capsys.readouterr()


@pytest.fixture
def vectors(tmp_path, blobs):
    embeddings, target = blobs
    files = np.array([f"<b>{i}.png" for i in range(len(target))])
    np.savez(tmp_path / "a.npz", embeddings=embeddings, target=target, files=files)
    np.savez(tmp_path / "b.npz", embeddings=embeddings[:, :2], target=target, files=files)
    return tmp_path


def test_one_file(vectors, monkeypatch, capsys):
    out = vectors / "out"
    status, printed, said = audited(monkeypatch, capsys, vectors / "a.npz", "--out", out, "--draws", 20)
    assert status == 0
    assert "acc_euclidean" in printed
    assert f"{out / 'index.html'}" in said
    content = json.loads((out / "audit.json").read_text())
    assert content["num_images"] == 160
    page = (out / "index.html").read_text()
    assert "&lt;b&gt;" in page
    assert "<b>0.png" not in page
    assert page.count("data:image/png;base64") == 2
    rows = list(csv.DictReader(io.StringIO((out / "suspects.csv").read_text())))
    assert len(rows) == len(content["suspects"])


def test_two_files_in_each_format(vectors, monkeypatch, capsys):
    arguments = (vectors / "a.npz", vectors / "b.npz", "--out", vectors / "out", "--draws", 20, "--format")
    status, printed, _ = audited(monkeypatch, capsys, *arguments, "csv")
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert status == 0
    assert {row["source"].rsplit("/", 1)[-1] for row in rows} == {"a.npz", "b.npz", "second less first"}
    content = json.loads((vectors / "out" / "audit.json").read_text())
    assert content["comparison"]["over_pictures"][0]["name"] == "acc_euclidean"
    assert "Comparison" in (vectors / "out" / "index.html").read_text()
    _, printed, _ = audited(monkeypatch, capsys, *arguments, "latex")
    assert printed.count(r"\begin{table}") == 3


def test_the_folder_is_named_after_the_files(vectors, monkeypatch, capsys):
    monkeypatch.chdir(vectors)
    assert audited(monkeypatch, capsys, "a.npz", "--draws", 5)[0] == 0
    assert (vectors / "a-audit" / "index.html").exists()


def test_what_is_wrong_ends_it_in_one_line(vectors, monkeypatch, capsys):
    for arguments, words in (
        ([vectors / "c.npz"], "c.npz: no such file"),
        ([vectors / "a.npz"] * 3, "give one, or two to compare"),
        ([vectors / "a.npz", "--alpha", "2"], "--alpha: 2: must be"),
    ):
        status, printed, said = audited(monkeypatch, capsys, *arguments, "--out", vectors / "out")
        assert (status, printed) == (2, "")
        assert words in said.splitlines()[-1]
    assert not (vectors / "out").exists()
