"""Damaged data: found before training with the file named, or passed over with a warning by `predict`."""

import functools
import gzip
import hashlib
import io
import json
import os
import shutil
import struct
import threading
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from torchvision import datasets
from torchvision.datasets import utils

from icv_lightning.configuration import checks
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.data import FacesDataModule, ImageFolderDataModule, MNISTDataModule, OmniglotDataModule
from icv_lightning.data.picture import PictureInput, read_picture
from icv_lightning.errors import UserError
from icv_lightning.predict import __main__ as predict
from tests.unprivileged import said_without_privileges


def png(width: int = 12, height: int = 10, shade: int = 90) -> bytes:
    file = io.BytesIO()
    Image.new("L", (width, height), shade).save(file, "png")
    return file.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def promised(width: int, height: int) -> bytes:
    """A PNG whose header promises a picture of that size, and holds a few bytes."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


def text_bomb() -> bytes:
    information, file = PngImagePlugin.PngInfo(), io.BytesIO()
    information.add_text("bomb", "x" * (2 << 20), zip=True)
    Image.new("L", (12, 10)).save(file, "png", pnginfo=information)
    return file.getvalue()


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


EPS = (
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(marker) (w) file closefile\nshowpage\n"
)
PICTURES: dict[str, bytes] = {
    "empty": b"",
    "text": b"no picture",
    "cut in the header": png()[:20],
    "cut in the pixels": png(300, 300)[:-40],
    "a signature that is another": flipped(png(), 0),
    "a flipped byte in the header": flipped(png(), 18),
    "a flipped byte in the pixels": flipped(png(), png().index(b"IDAT") + 8),
    "zeros": b"\0" * 4096,
    "no pixels wide": b"P5\n0 10\n255\n",
    "no pixels high": b"P5\n10 0\n255\n" + b"x" * 100,
    "fewer pixels than promised": b"P5\n100 100\n255\n" + b"x" * 10,
    "a size that is none": b"P5\n-5 ten\n255\n",
    "a decompression bomb": promised(60_000, 60_000),
    "the largest picture there is": promised(2**31 - 1, 2**31 - 1),
    "a bomb of text": text_bomb(),
    "a program": EPS,
    "an archive": gzip.compress(png()),
    "a page": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "a TIFF of loops": b"II*\0\x08\0\0\0\0\0\x08\0\0\0",
    "half a GIF": b"GIF89a\x0a\0\x0a\0\xf0",
}
OTHERS: dict[str, Callable[[Path], None]] = {
    "a folder": lambda path: path.mkdir(),
    "a link that leads nowhere": lambda path: path.symlink_to("nowhere.png"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a pipe that nobody fills": lambda path: os.mkfifo(path),
    "a device": lambda path: path.symlink_to("/dev/zero"),
}
DAMAGED = {
    name: functools.partial(lambda c, path: path.write_bytes(c) and None, c) for name, c in PICTURES.items()
}
DAMAGED |= OTHERS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("ant", "bee"):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for k in range(4):
            (tmp_path / "pictures" / name / f"{k}.png").write_bytes(png(shade=30 * k))
    return tmp_path / "pictures"


def folder_data(folder: Path) -> ImageFolderDataModule:
    return ImageFolderDataModule(
        folder=str(folder), name="image_folder", num_classes=2, channels=1, image_size=8, batch_size=2
    )


def faces(folder: Path, **options) -> FacesDataModule:
    basic = {"name": "faces", "num_classes": 2, "channels": 1, "image_size": 8, "batch_size": 2}
    return FacesDataModule(folder=folder, held_out=0.0, test_fraction=0.3, **basic | options)


@pytest.mark.parametrize("kind", sorted({*DAMAGED} - {"a folder"}))  # which a class may hold
def test_a_damaged_picture_is_named_before_training(kind: str, folder: Path) -> None:
    path = folder / "bee" / "damaged.png"
    DAMAGED[kind](path)
    for data in (folder_data(folder), faces(folder)):
        with pytest.raises(UserError, match=r"bee/damaged\.png: unreadable picture \(.+\)") as error:
            data.setup()
        assert str(error.value).isprintable()
        assert len(str(error.value)) < 500


def test_predict_names_them_all_and_goes_on(folder, checkpoint, started, capsys, tmp_path) -> None:
    kinds = sorted(set(DAMAGED) - {"a folder"})  # one that is given is searched through
    for k, kind in enumerate(kinds):
        DAMAGED[kind](tmp_path / f"damaged_{k:02}.png")
    given = [*sorted(tmp_path.glob("damaged_*.png")), folder / "ant"]
    assert started(predict, "--checkpoint", checkpoint, "--format", "json", *given) == 1
    printed = capsys.readouterr()
    assert len([json.loads(line) for line in printed.out.splitlines()]) == 4
    *named, last = printed.err.splitlines()
    assert last == f"{len(kinds)} of {len(kinds) + 4} files could not be read"
    assert len([line for line in named if "unreadable picture (" in line]) == len(kinds)


def test_no_other_reader_than_those_of_the_suffixes_is_asked(tmp_path: Path) -> None:
    (tmp_path / "program.png").write_bytes(EPS)
    with pytest.raises(UserError, match="cannot identify image file"):
        read_picture(tmp_path / "program.png", PictureInput(1, 8, 8))
    assert not (tmp_path / "marker").exists()
    for suffix in ("bmp", "gif", "jpg", "pgm", "png", "tiff", "webp"):
        Image.new("L", (9, 7), 50).save(tmp_path / f"a.{suffix}")
        assert read_picture(tmp_path / f"a.{suffix}", PictureInput(1, 8, 8)).shape == (1, 8, 8)
    shutil.copy(tmp_path / "a.jpg", tmp_path / "really_jpeg.png")
    assert read_picture(tmp_path / "really_jpeg.png", PictureInput(1, 8, 8)).shape == (1, 8, 8)


@pytest.mark.parametrize("target", ["nowhere", "cat"])
def test_a_class_folder_that_leads_nowhere_is_named(folder: Path, target: str) -> None:
    (folder / "cat").symlink_to(target)
    for setup in (folder_data(folder).setup, faces(folder).setup):
        with pytest.raises(UserError, match=r"cat: a link that leads nowhere"):
            setup()


def test_a_folder_that_holds_itself_does_not_trap_anybody(folder, checkpoint, started, capsys) -> None:
    (folder / "ant" / "again").symlink_to(folder, target_is_directory=True)
    folder_data(folder).setup()
    assert started(predict, "--checkpoint", checkpoint, "--format", "json", folder) == 0
    assert len(capsys.readouterr().out.splitlines()) == 8


def test_an_orl_person_with_fewer_pictures_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(1, 41):
        (tmp_path / "orl_faces" / f"s{k}").mkdir(parents=True)
        for i in range(1, 11):
            (tmp_path / "orl_faces" / f"s{k}" / f"{i}.pgm").touch()
    register_resolvers()
    monkeypatch.chdir(tmp_path)
    checks.check(["data=orl", f"data.root={tmp_path}"])
    (tmp_path / "orl_faces" / "s7" / "3.pgm").unlink()
    with pytest.raises(UserError, match=r"orl_faces/s7: has 9 pictures, others have 10"):
        checks.check(["data=orl", f"data.root={tmp_path}"])


NAMES = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")
NAMES += ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")


def idx(shape: tuple[int, ...], low: int = 0) -> bytes:
    values = bytes((low + i) % 10 for i in range(int(np.prod(shape))))
    return gzip.compress(struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape) + values, mtime=0)


@pytest.fixture
def archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """MNIST's four archives, small, which torchvision's table takes for the originals; no network."""
    raw = tmp_path / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name, shape in zip(NAMES, [(30, 28, 28), (30,), (10, 28, 28), (10,)], strict=True):
        (raw / name).write_bytes(idx(shape))
    sums = [(name, hashlib.md5((raw / name).read_bytes()).hexdigest()) for name in NAMES]
    monkeypatch.setattr(datasets.MNIST, "resources", sums)
    monkeypatch.setattr(datasets.MNIST, "mirrors", ["nowhere://"])
    return raw


def mnist(raw: Path) -> MNISTDataModule:
    return MNISTDataModule(
        "MNIST", name="mnist", num_classes=10, channels=1, image_size=28, root=str(raw.parent.parent)
    )


def swapped(raw: Path) -> None:
    (raw / NAMES[2]).rename(raw / "x")
    (raw / NAMES[3]).rename(raw / NAMES[2])
    (raw / "x").rename(raw / NAMES[3])


def replaced(content: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda raw: (raw / NAMES[2]).write_bytes(content((raw / NAMES[2]).read_bytes())) and None


ARCHIVES: dict[str, Callable[[Path], None]] = {
    "cut": replaced(lambda c: c[:-9]),
    "empty": replaced(lambda c: b""),
    "a flipped byte": replaced(lambda c: flipped(c, len(c) // 2)),
    "a flipped byte of the header": replaced(lambda c: flipped(c, 3)),
    "longer": replaced(lambda c: c + b"x"),
    "not compressed": replaced(gzip.decompress),
    "another magic": replaced(lambda c: gzip.compress(b"\1\2\3\4" + gzip.decompress(c)[4:])),
    "another count": replaced(lambda c: idx((9, 28, 28))),
    "labels out of range": lambda raw: (raw / NAMES[3]).write_bytes(idx((10,), low=5)) and None,
    "pictures for labels": swapped,
    "a folder": lambda raw: (raw / NAMES[2]).unlink() or (raw / NAMES[2]).mkdir(),
    "a link to itself": lambda raw: (raw / NAMES[2]).unlink() or (raw / NAMES[2]).symlink_to(NAMES[2]),
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_a_damaged_archive_is_named(kind: str, archives: Path) -> None:
    mnist(archives).setup()
    ARCHIVES[kind](archives)
    with pytest.raises(UserError, match=r"t10k-(images-idx3|labels-idx1)-ubyte\.gz: ") as error:
        mnist(archives).setup()
    assert "\n" not in str(error.value)


def test_a_zip_archive_that_is_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "omniglot-py" / "images_background_small1.zip").mkdir(parents=True)
    data = OmniglotDataModule(
        "small1", name="omniglot", num_classes=4, channels=1, image_size=5, root=str(tmp_path)
    )
    with pytest.raises(UserError, match=r"images_background_small1\.zip: cannot be read \(Is a directory\)"):
        data.setup()
    assert not zipfile.is_zipfile(tmp_path / "omniglot-py")


def test_two_that_fetch_the_same_archive_at_once_do_not_meet(archives, tmp_path, monkeypatch) -> None:
    """While one writes slowly, the other must not take the unfinished file for the archive."""
    kept = (archives / NAMES[0]).rename(tmp_path / "kept.gz").read_bytes()
    both = threading.Barrier(2, timeout=30)

    def slow(url: str, root: Path, filename: str, md5: str) -> None:
        with (Path(root) / filename).open("wb") as file:
            file.write(kept[: len(kept) // 2])
            file.flush()
            both.wait()
            file.write(kept[len(kept) // 2 :])

    monkeypatch.setattr(utils, "download_url", slow)
    troubles: list[BaseException] = []

    def prepare() -> None:
        try:
            mnist(archives).setup()
        except BaseException as error:
            troubles.append(error)

    threads = [threading.Thread(target=prepare) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    assert sorted(path.name for path in archives.iterdir()) == sorted(NAMES)
    assert (archives / NAMES[0]).read_bytes() == kept


def test_a_download_that_ends_early_leaves_nothing(archives, monkeypatch) -> None:
    (archives / NAMES[0]).unlink()

    def cut(url: str, root: Path, filename: str, md5: str) -> None:
        (Path(root) / filename).write_bytes(b"half")
        raise RuntimeError("File not found or corrupted.")

    monkeypatch.setattr(utils, "download_url", cut)
    with pytest.raises(UserError, match=r"not there, and the download failed \(File not found or corrupted"):
        mnist(archives).setup()
    assert sorted(path.name for path in archives.iterdir()) == sorted(NAMES[1:])


@pytest.mark.parametrize("readable", [True, False])
def test_a_folder_that_may_only_be_read_is_enough(folder: Path, readable: bool) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    hidden = folder / "bee" / "0.png"
    hidden.chmod(0o444 if readable else 0)
    said = said_without_privileges(lambda: folder_data(folder).setup())
    assert said == "" if readable else "bee/0.png: unreadable picture (" in said
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755)
