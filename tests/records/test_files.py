"""Files written whole or not at all."""

import pytest

from icv_lightning.records.files import remove_parts, replaced, write_text


def test_folders_are_made_and_a_file_is_replaced(tmp_path):
    path = tmp_path / "a" / "b.txt"
    write_text(path, "one")
    write_text(path, "zwölf")
    assert path.read_bytes() == "zwölf".encode()
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "b.txt"
    write_text(path, "old")
    with pytest.raises(TypeError), replaced(path) as file:
        file.writelines([b"half", "no bytes"])
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_new_file_is_there_only_once_it_is_whole(tmp_path):
    path = tmp_path / "b.txt"
    with replaced(path) as file:
        file.write(b"half")
        assert not path.exists()
    assert path.read_text() == "half"


def test_only_half_written_files_are_removed(tmp_path):
    (tmp_path / "deep").mkdir()
    kept = [tmp_path / "x.part", tmp_path / ".hidden"]
    for path in [*kept, tmp_path / ".x.1.part", tmp_path / "deep" / ".y.2.part"]:
        path.touch()
    remove_parts(tmp_path)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)
