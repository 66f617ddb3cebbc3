"""Archives found in place, downloaded where absent, whole or not there, and checked."""

import hashlib
from pathlib import Path

import pytest
from torchvision.datasets import utils

from icv_lightning.data.archive import checked, fetched, unpacking
from icv_lightning.errors import UserError

CONTENT = b"original"
MD5 = hashlib.md5(CONTENT).hexdigest()


def fetch(folder: Path, *urls: str) -> Path:
    return fetched(folder / "a.gz", MD5, urls or ("first://a.gz", "second://a.gz"), "the original")


def test_what_is_there_is_not_downloaded(tmp_path, monkeypatch):
    (tmp_path / "a.gz").write_bytes(b"anything")
    monkeypatch.setattr(utils, "download_url", None)
    assert fetch(tmp_path) == tmp_path / "a.gz"


def test_the_second_address_after_the_first(tmp_path, monkeypatch):
    asked = []

    def download(url, root, filename, md5):
        asked.append((url, md5))
        Path(root).mkdir(parents=True, exist_ok=True)
        (Path(root) / filename).write_bytes(CONTENT[:4])
        if url.startswith("first"):
            raise OSError("broken off")
        (Path(root) / filename).write_bytes(CONTENT)

    monkeypatch.setattr(utils, "download_url", download)
    assert fetch(tmp_path / "new" / "root").read_bytes() == CONTENT
    assert asked == [("first://a.gz", MD5), ("second://a.gz", MD5)]
    assert [path.name for path in (tmp_path / "new" / "root").iterdir()] == ["a.gz"]


@pytest.mark.parametrize("error", [OSError("no network"), RuntimeError("no network"), KeyboardInterrupt()])
def test_a_download_that_breaks_off_leaves_nothing(tmp_path, monkeypatch, error):
    def download(url, root, filename, md5):
        Path(root).mkdir(parents=True, exist_ok=True)
        (Path(root) / filename).write_bytes(CONTENT[:4])
        raise error

    monkeypatch.setattr(utils, "download_url", download)
    with pytest.raises((UserError, KeyboardInterrupt)) as caught:
        fetch(tmp_path / "new" / "root")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    if isinstance(caught.value, UserError):
        path = tmp_path / "new" / "root" / "a.gz"
        advice = "set data.root (or the environment's ICV_DATA) to a folder that holds the original"
        assert str(caught.value) == f"{path}: not there, and the download failed (no network); {advice}"
        assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"a.gz: not there, and the download failed \(.*; set data.root"):
        fetch(tmp_path / "file")


def test_content_is_checked(tmp_path):
    path = tmp_path / "a.gz"
    with pytest.raises(UserError, match=r"a.gz: cannot be read \(No such file or directory\)"):
        checked(path, MD5)
    path.write_bytes(CONTENT)
    assert checked(path, MD5) == CONTENT
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(UserError, match=rf"a.gz: truncated or altered \(7 bytes, MD5 .*, expected {MD5}\)"):
        checked(path, MD5)


def test_damage_inside_is_one_line_that_names_the_archive(tmp_path):
    with (
        pytest.raises(UserError, match=r"a.gz: not as its data set has it \(EOFError\)"),
        unpacking(tmp_path / "a.gz"),
    ):
        raise EOFError
