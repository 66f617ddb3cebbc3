"""What a run is made of beside its settings: code of one's own, and pictures."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from icv_lightning.configuration.provenance import check_provenance, contents_changed, provenance
from icv_lightning.errors import UserError

DATA = {"_target_": "icv_lightning.data.DigitsDataModule", "root": "data"}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of one's own with a module `nets`."""
    package = tmp_path / "lab_of_provenance"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "nets.py").write_text("class Net: ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield package
    sys.modules.pop("lab_of_provenance", None)


def test_only_code_of_one_s_own_is_remembered(own: Path) -> None:
    config = {
        "data": DATA,
        "model": {"net": {"_target_": "lab_of_provenance.nets.Net"}, "head": {"_target_": "torch.nn.Linear"}},
    }
    before = provenance(config)
    assert before["data"] is None
    assert list(before["code"]) == ["lab_of_provenance.nets.Net"]
    check_provenance(before, config, "x", "advice")
    (own / "other.py").write_text("")
    assert provenance(config) == before
    (own / "nets.py").write_text("class Net: changed = True\n")
    with pytest.raises(
        UserError, match=r"^x: the code of lab_of_provenance\.nets\.Net was edited since; adv"
    ):
        check_provenance(before, config, "x", "advice")


def test_without_a_record_nothing_is_compared() -> None:
    check_provenance(None, {"data": DATA}, "x", "advice")


def test_images_that_a_data_set_gives_are_compared_where_its_record_holds_them() -> None:
    before = {"sha256": "a", "files": {"ant": 3}}
    data: Any = SimpleNamespace(name="mine", digest=lambda: {"sha256": "b", "files": {"ant": 3, "bee": 2}})
    assert contents_changed({"data": before}, data) == [
        "data=mine gives other pictures now, with bee, 2 pictures more"
    ]
    assert contents_changed({"data": data.digest()}, data) == []
    assert contents_changed({"data": None}, data) == contents_changed(None, data) == []
