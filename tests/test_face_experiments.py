"""The experiments on faces and made-up identities, as their files ask for them; shortened where they run."""

from pathlib import Path

import pytest
import torch

from icv_lightning import EmbeddingModel
from icv_lightning.configuration.checks import check
from icv_lightning.data import FacesDataModule
from icv_lightning.recognition.picture_files import PictureFiles
from icv_lightning.records.results import read_results
from tests.conftest import cells
from tests.data.test_faces import people


def test_the_orl_grid_is_five_folds_of_three_seeds_and_four_weights(tmp_path: Path):
    for person in range(1, 41):
        (tmp_path / "orl_faces" / f"s{person}").mkdir(parents=True)
        for picture in range(1, 11):
            (tmp_path / "orl_faces" / f"s{person}" / f"{picture}.pgm").touch()
    grid = ["-m", "experiment=orl_verification", f"data.root={tmp_path}"]
    found = [cell.config for cell in check(grid).cells]
    assert len(found) == 60
    assert {config["data"]["fold"] for config in found} == {0, 1, 2, 3, 4}
    assert {config["data"]["num_classes"] for config in found} == {32}
    assert {config["loss"]["lambda"] for config in found} == {0, 0.05, 0.5, 1.0}
    assert len({config["cell"] for config in found}) == 60
    rule = [cell.config for cell in check([*grid, "centroids=batch_mean", "loss.lambda=0.5"]).cells]
    assert len(rule) == 15
    assert {config["centroids"]["name"] for config in rule} == {"batch_mean"}


def test_made_up_identities_train_with_accumulated_gradients(main, tmp_path: Path):
    small = ("data.num_classes=30", "data.unseen_classes=4", "data.batch_size=40", "trainer.max_epochs=1")
    settings = ("trainer.check_val_every_n_epoch=1", "model.embedding_dim=8", "trainer.precision=32-true")
    assert main("as_is", "experiment=synthetic_identities", *small, *settings, "~callbacks.progress") == 0
    (folder,) = cells(tmp_path / "outputs")
    results = read_results(folder)
    assert results is not None
    assert len(results["per_class"]) == 30
    rows = (folder / "metrics.csv").read_text().splitlines()
    assert rows[1].startswith("1,3,")  # 240 images are 6 batches of 40: 3 steps of two


def test_files_are_cropped_in_prediction_as_they_were_in_training(main, tmp_path: Path):
    people(tmp_path / "people", **{f"p{k}": 5 for k in range(5)})
    shape = {"image_size": 12, "image_width": 8, "crop": 0.6}
    data = ("data=faces", f"data.root={tmp_path / 'people'}", "data.channels=1", "data.num_classes=4")
    data += ("data.held_out=0.2", *(f"data.{key}={value}" for key, value in shape.items()))
    net = ("model=face_descriptor", "model.net.stem=2", "model.net.widths=[2]", "model.net.blocks=[1]")
    small = ("model.embedding_dim=4", "data.batch_size=4", "trainer.max_epochs=1", "data.transform=null")
    assert main("as_is", *data, *net, *small, "trainer.precision=32-true", "~callbacks.progress") == 0
    (cell,) = cells(tmp_path / "outputs")
    model = EmbeddingModel.load(cell / "checkpoints" / "last.ckpt")
    assert model.picture_input == (1, 12, 8, 0.6, False)
    part = FacesDataModule(
        tmp_path / "people", held_out=0.2, name="faces", num_classes=4, channels=1, **shape, batch_size=4
    )
    part.setup()
    trained = model.embed(part.train_part.images)
    files = [file for person in part.persons()[0] for file in sorted(person.iterdir())]
    persons = part.persons()[0]
    tested = part.tested([(file, persons.index(file.parent)) for file in files], persons[0].parent)
    files = [file for file, held in zip(files, tested, strict=True) if not held]
    torch.testing.assert_close(model.embed(files), trained)
    ((_, images),) = PictureFiles(files, model.picture_input)
    torch.testing.assert_close(model.embed(images), trained)


@pytest.mark.slow
def test_a_short_run_on_orl_tells_persons_apart(main, tmp_path: Path, data_root: Path):
    if not (data_root / "orl_faces" / "s40").is_dir():
        pytest.skip("needs the ORL faces: ICV_DATA to a folder that holds orl_faces")
    short = ("data.fold=0", "seed=0", "loss.lambda=0.05", "trainer.max_epochs=10")
    settings = ("trainer.check_val_every_n_epoch=10", f"data.root={data_root}", "~callbacks.progress")
    assert main("as_is", "experiment=orl_verification", *short, *settings) == 0
    results = read_results(cells(tmp_path / "outputs")[0])
    assert results is not None
    assert results["metrics"]["test/acc_nearest_class_mean"] > 0.7  # of 32 persons
