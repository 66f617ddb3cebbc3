"""A trained network in use, from Python."""

from math import ceil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from icv_lightning import EmbeddingModel, NearestCentroidClassifier, load_checkpoint
from icv_lightning.data import DigitsDataModule
from icv_lightning.data.picture import PictureInput
from icv_lightning.errors import UserError
from icv_lightning.records.results import read_results


@pytest.fixture(scope="module")
def digits() -> DigitsDataModule:
    data = DigitsDataModule("digits", num_classes=10, channels=1, image_size=28)
    data.setup()
    return data


@pytest.fixture(scope="module")
def model(checkpoint: Path) -> EmbeddingModel:
    return EmbeddingModel.load(checkpoint)


def edited(path: Path, **changes) -> None:
    content = torch.load(path, weights_only=True) | changes
    torch.save({key: value for key, value in content.items() if value is not None}, path)


def test_it_knows_what_the_network_takes_and_says(model):
    assert model.names == model.class_names == [str(k) for k in range(10)]
    assert model.picture_input == (1, 28, 28, None, False)
    assert model.centroids.shape == (10, 2)


def test_predictions_are_those_of_the_network_and_of_a_plain_nearest_centroid(checkpoint, model, digits):
    images = digits.test_part.images
    module = load_checkpoint(checkpoint)
    with torch.no_grad():
        embeddings, logits = module(images)
    scores = torch.exp(logits.double()) / torch.exp(logits.double()).sum(1, keepdim=True)
    differences = embeddings.double().numpy()[:, None] - module.centroids().detach().double().numpy()
    distances = np.sort(np.sqrt((differences**2).sum(2)), axis=1)

    model.batch_size = 7  # of batches nothing must depend
    found = model.predict(images)
    torch.testing.assert_close(model.embed(images), embeddings)
    assert found.names == [str(k) for k in logits.argmax(1).tolist()]
    torch.testing.assert_close(found.probabilities.double(), scores.max(1).values, atol=1e-6, rtol=1e-6)
    order = np.sqrt((differences**2).sum(2)).argmin(1)
    assert found.nearest == [str(k) for k in order]
    np.testing.assert_allclose(found.distances, distances[:, 0], rtol=1e-5)
    np.testing.assert_allclose(found.margin, distances[:, 1] - distances[:, 0], rtol=1e-4, atol=1e-6)
    assert not found.unknown.any()


def test_accuracy_is_that_of_the_run(checkpoint, model, digits):
    metrics = (read_results(checkpoint.parent.parent) or {})["metrics"]
    found, target = model.predict(digits.test_part.images), digits.test_part.target.tolist()
    right = sum(int(name) == k for name, k in zip(found.names, target, strict=True))
    near = sum(int(name) == k for name, k in zip(found.nearest, target, strict=True))
    assert right / len(target) == pytest.approx(metrics["test/acc"], abs=1e-9)
    assert near / len(target) == pytest.approx(metrics["test/acc_nearest_centroid"], abs=1e-9)


def test_files_and_pil_images_are_what_tensors_are(model, digits, tmp_path):
    images = digits.test_part.images[:3]
    pictures = [Image.fromarray(image[0].numpy()) for image in images]
    for k, picture in enumerate(pictures):
        picture.save(tmp_path / f"{k}.png")
    expected = model.embed(images)
    assert torch.equal(model.embed(pictures), expected)
    assert torch.equal(model.embed([tmp_path / "0.png", str(tmp_path / "1.png"), pictures[2]]), expected)


def test_the_threshold_rejects_what_is_farther(model, digits):
    images = digits.test_part.images
    distances = model.predict(images).distances
    middle = distances.median().item()
    assert torch.equal(model.predict(images, middle).unknown, distances > middle)
    assert model.predict(images, 0.0).unknown.all()


def test_a_fitted_threshold_keeps_the_stated_share(model, digits):
    images, names = digits.test_part.images, [str(k) for k in digits.test_part.target.tolist()]
    own = (model.embed(images).double() - model.centroids[digits.test_part.target]).norm(dim=1)
    for rate in (0.0, 0.05, 0.5):
        threshold = model.fit_threshold(images, names, rate)
        rank = ceil((len(names) + 1) * (1 - rate))  # of split conformal prediction
        assert (own > threshold + 1e-9).sum() == max(0, len(names) - rank)
        assert model.predict(images, threshold).unknown.double().mean() <= rate
    assert model.gallery.threshold is None
    with pytest.raises(ValueError, match="no such class: ant"):
        model.fit_threshold(images[:1], ["ant"], 0.05)


def test_enrolled_classes_are_known_and_kept_beside_the_checkpoint(own_checkpoint, digits):
    before = own_checkpoint.read_bytes()
    new = torch.full((3, 1, 28, 28), 255, dtype=torch.uint8)
    new[1:, :, :14] = 0
    model = EmbeddingModel.load(own_checkpoint)
    embeddings = model.embed(new)
    model.enroll(new[:1], "white")
    model.enroll(new[1:], "white")
    path = model.save_gallery()
    assert path == own_checkpoint.with_suffix(".gallery")
    assert own_checkpoint.read_bytes() == before

    again = EmbeddingModel.load(own_checkpoint)
    assert again.names == [*map(str, range(10)), "white"]
    torch.testing.assert_close(again.centroids[10], embeddings.double().mean(0))
    alone = again.predict(new[1:2])
    distances = (embeddings[1].double() - again.centroids).norm(dim=1)
    assert alone.nearest == [again.names[int(distances.argmin())]]
    assert alone.names[0] != "white"  # the scores know what was trained on alone


def test_a_gallery_s_distance_and_threshold_count(own_checkpoint, digits):
    model = EmbeddingModel.load(own_checkpoint)
    model.gallery = NearestCentroidClassifier(distance="cosine", threshold=0.0)
    model.enroll(digits.test_part.images[:2], "mine")
    model.save_gallery()
    found = EmbeddingModel.load(own_checkpoint).predict(digits.test_part.images[:50])
    assert found.distances.max() <= 2
    assert found.unknown.any()


def test_a_gallery_of_another_checkpoint_is_refused(own_checkpoint):
    model = EmbeddingModel.load(own_checkpoint)
    model.enroll(torch.zeros(1, 1, 28, 28, dtype=torch.uint8), "black")
    model.save_gallery()
    edited(own_checkpoint, epoch=7)
    with pytest.raises(UserError, match=r"last\.gallery: was made with another checkpoint"):
        EmbeddingModel.load(own_checkpoint)


@pytest.mark.parametrize(
    ("name", "message"),
    [("3", "3: the network was trained on this class"), ("", "not empty"), ("unknown", "not 'unknown'")],
)
def test_names_that_cannot_be_enrolled(model, name, message):
    with pytest.raises(ValueError, match=message):
        model.enroll(torch.zeros(1, 1, 28, 28, dtype=torch.uint8), name)


def test_an_older_checkpoint_asks_its_network_and_its_run(own_checkpoint):
    edited(own_checkpoint, data=None)
    results = own_checkpoint.parent.parent / "results.json"
    results.write_text(
        results.read_text().replace('"class_names": [\n    "0"', '"class_names": [\n    "zero"')
    )
    model = EmbeddingModel.load(own_checkpoint)
    assert (model.class_names[:2], model.picture_input) == (["zero", "1"], (1, 28, 28, None, False))
    results.unlink()
    assert EmbeddingModel.load(own_checkpoint).class_names == [str(k) for k in range(10)]


def test_a_class_may_be_called_unknown(own_checkpoint):
    names = ["unknown", *map(str, range(1, 10))]
    edited(own_checkpoint, data={"class_names": names, "channels": 1, "image_size": 28})
    model = EmbeddingModel.load(own_checkpoint)
    found = model.predict(torch.zeros(1, 1, 28, 28, dtype=torch.uint8))
    assert {*found.names, *found.nearest} <= set(names)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([], "at least one image"),
        (torch.zeros(0, 1, 28, 28, dtype=torch.uint8), "at least one image"),
        (torch.zeros(2, 1, 28, 28), "must be uint8 B x 1 x 28 x 28, got float32 2 x 1 x 28 x 28"),
        (torch.zeros(2, 3, 28, 28, dtype=torch.uint8), "got uint8 2 x 3 x 28 x 28"),
        (torch.zeros(28, 28, dtype=torch.uint8), "got uint8 28 x 28"),
    ],
    ids=["none", "no rows", "float", "channels", "one"],
)
def test_images_of_a_wrong_kind(model, images, message):
    with pytest.raises(ValueError, match=message):
        model.predict(images)


def test_a_gallery_needs_a_checkpoint(model):
    unsaved = EmbeddingModel(model.module, model.class_names, PictureInput(1, 28, 28))
    with pytest.raises(ValueError, match="from which this model was not loaded"):
        unsaved.save_gallery()
