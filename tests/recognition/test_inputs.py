"""What `EmbeddingModel` takes: one picture or many, in any of the usual forms; else one line."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from icv_lightning import EmbeddingModel

PIXELS = np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)


@pytest.fixture(scope="module")
def model(checkpoint: Path) -> EmbeddingModel:
    return EmbeddingModel.load(checkpoint)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    return tmp_path / "a.png"


def test_one_picture_in_every_form_is_the_same(model, file):
    expected = model.embed(torch.from_numpy(PIXELS)[None, None])
    colour = np.stack([PIXELS] * 3, axis=2)
    forms = [str(file), file, Image.open(file), PIXELS, PIXELS[..., None], colour, [file], (file,)]
    forms += [iter([file]), [PIXELS], PIXELS[None], colour[None], {"a": 1}.fromkeys([file])]
    for form in forms:
        assert torch.equal(model.embed(form), expected), form
    assert model.predict(file).names == model.predict([PIXELS]).names
    assert len(model.embed(Image.open(file) for _ in range(3))) == 3


@pytest.mark.parametrize(
    ("images", "kind"),
    [
        (3, "got int"),
        (None, "got NoneType"),
        ([3], "got int"),
        (PIXELS.astype(float), "got ndarray of float64 28 x 28"),
        ([PIXELS.astype(np.int64)], "got ndarray of int64 28 x 28"),
        (PIXELS[0], "got ndarray of uint8 28"),
        ([torch.zeros(1, 28, 28, dtype=torch.uint8)], "got Tensor of torch.uint8 1 x 28 x 28"),
    ],
)
def test_another_thing_is_a_type_error_of_one_line(model, images, kind):
    with pytest.raises(TypeError, match="images must be a uint8 tensor B x C x H x W, or files") as error:
        model.predict(images)
    assert str(error.value).endswith(kind)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("images", [[], (), iter([]), torch.zeros(0, 1, 28, 28, dtype=torch.uint8)])
def test_no_picture_is_a_value_error(model, images):
    with pytest.raises(ValueError, match="at least one image"):
        model.predict(images)
