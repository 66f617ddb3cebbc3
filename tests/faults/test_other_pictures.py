"""No answer for other pictures or other code than a run was trained with."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from icv_lightning.callbacks import LastCheckpoint
from icv_lightning.predict import __main__ as predict
from icv_lightning.records.results import read_results
from tests.conftest import cells

Main = Callable[..., int]
SMALL = (
    "model.net.widths=[4,4]", "model.net.hidden=16", "~callbacks.progress", "data.batch_size=8",
    "data.image_size=8", "data.monitor_size=2", "trainer.max_epochs=1",
)  # fmt: skip
OWN = ("data=image_folder", "data.root=pictures", "data.cache=null", *SMALL)


def write_pictures(
    folder: Path, names: tuple[str, ...] = ("ant", "bee"), each: int = 12, seed: int = 0
) -> None:
    generator = np.random.default_rng(seed)
    for name in names:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(each):
            pixels = generator.integers(0, 256, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number:02}.png")


@pytest.fixture
def trained(main: Main, tmp_path: Path) -> Path:
    """The folder of a run on pictures of one's own."""
    write_pictures(tmp_path / "pictures")
    assert main("as_is", *OWN, "data.val_size=4") == 0
    (folder,) = cells(tmp_path / "outputs")
    return folder


def test_the_same_command_on_other_pictures_is_refused(
    main: Main, trained: Path, tmp_path: Path, capsys
) -> None:
    before = (trained / "results.json").read_bytes()
    asked = ("as_is", *OWN, "data.val_size=4")
    assert main(*asked) == 0
    assert "already completed" in capsys.readouterr().out
    for grid in ((), ("-m",)):
        write_pictures(tmp_path / "pictures", seed=1)
        assert main(asked[0], *grid, *asked[1:]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "data.root=pictures holds other pictures now, as many pictures, but others; force=true" in said
    shutil.move(tmp_path / "pictures" / "bee", tmp_path / "pictures" / "cow")
    assert main(*asked) == 2
    assert "without train/bee, with train/cow" in capsys.readouterr().err
    assert (trained / "results.json").read_bytes() == before
    assert main(*asked, "force=true") == 0
    assert (read_results(trained) or {})["class_names"] == ["ant", "cow"]
    assert main(*asked) == 0


def test_an_interrupted_run_goes_on_with_no_other_pictures(
    main: Main, tmp_path: Path, monkeypatch, capsys
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("power cut")

    write_pictures(tmp_path / "pictures")
    with monkeypatch.context() as patch:
        patch.setattr("icv_lightning.module.ClassifierModule.on_test_epoch_start", fail)
        assert main("as_is", *OWN) == 1
    write_pictures(tmp_path / "pictures", each=13)
    capsys.readouterr()
    assert main("as_is", *OWN) == 2
    assert "last.ckpt: cannot go on: data.root=pictures holds other pictures now" in capsys.readouterr().err
    last = next(tmp_path.glob("outputs/*/*/checkpoints/last.ckpt"))
    assert main("as_is", *OWN, "trainer.max_epochs=2", f"ckpt_path={last}") == 2
    assert "26 pictures" not in capsys.readouterr().out
    assert main("as_is", *OWN, "force=true") == 0


def test_a_threshold_is_taken_from_no_other_pictures(trained: Path, refused, tmp_path: Path) -> None:
    checkpoint = trained / "checkpoints" / "last.ckpt"
    picture = tmp_path / "pictures" / "ant" / "00.png"
    write_pictures(tmp_path / "pictures", each=20)
    said = refused(predict, "--checkpoint", checkpoint, "--false-rejection-rate", "0.1", picture)
    assert "no validation part: data.root=pictures holds other pictures now" in said


def test_pictures_that_are_added_move_no_other(main: Main, tmp_path: Path) -> None:
    from icv_lightning.data import ImageFolderDataModule

    write_pictures(tmp_path / "pictures", each=40)
    options = {
        "name": "own",
        "num_classes": 2,
        "channels": 1,
        "image_size": 8,
        "batch_size": 8,
        "cache": None,
    }
    before = ImageFolderDataModule(str(tmp_path / "pictures"), **options)
    before.setup()
    tested = {bytes(image.numpy()) for image in before.test_part.images}
    write_pictures(tmp_path / "pictures" / "more", ("x",), each=30, seed=5)
    for path in (tmp_path / "pictures" / "more" / "x").iterdir():
        path.rename(tmp_path / "pictures" / "ant" / f"new{path.name}")
    shutil.rmtree(tmp_path / "pictures" / "more")
    after = ImageFolderDataModule(str(tmp_path / "pictures"), **options)
    after.setup()
    assert tested <= {bytes(image.numpy()) for image in after.test_part.images}
    assert not tested & {bytes(image.numpy()) for image in after.train_part.images}


def test_edited_code_of_a_part_of_one_s_own_is_noticed(
    main: Main, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    own = tmp_path / "own_part_of_mine.py"
    own.write_text("import lightning\n\n\nclass Quiet(lightning.Callback):\n    pass\n")
    asked = (
        "as_is",
        "data=digits",
        *SMALL,
        "data.monitor_size=10",
        "+callbacks.own._target_=own_part_of_mine.Quiet",
    )
    assert main(*asked) == 0
    assert main(*asked) == 0
    own.write_text(own.read_text() + "    # edited\n")
    capsys.readouterr()
    assert main(*asked) == 2
    assert "the code of own_part_of_mine.Quiet was edited since; force=true" in capsys.readouterr().err
    sys.modules.pop("own_part_of_mine", None)
    assert LastCheckpoint.__module__.startswith("icv_lightning")  # whose own code is told by its version
