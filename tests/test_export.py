"""ONNX files: parity with PyTorch, what they hold, and their use without this package."""

import json
import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from icv_lightning import EmbeddingModel, export
from icv_lightning.centroids import LearnedCentroids
from icv_lightning.data import DigitsDataModule
from icv_lightning.data.picture import PictureInput
from icv_lightning.errors import UserError
from icv_lightning.losses import CombinedLoss
from icv_lightning.module import ClassifierModule
from icv_lightning.nets import ConvNet, LinearScores
from tests.conftest import PATIENCE, ROOT

pytest.importorskip("onnxscript", reason="needs the extra `export`")
onnx = pytest.importorskip("onnx", reason="needs the extra `export`")
onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra `export`")

from icv_lightning.recognition import onnx_file  # noqa: E402


def session_of(path: Path) -> "onnxruntime.InferenceSession":
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def test_the_file_says_what_pytorch_says_of_real_images(own_checkpoint, started, capsys):
    model = EmbeddingModel.load(own_checkpoint)
    model.enroll(torch.full((1, 1, 28, 28), 255, dtype=torch.uint8), "white")
    model.gallery.threshold = 1.5
    model.save_gallery()
    before = own_checkpoint.read_bytes()
    assert started(export, "--checkpoint", own_checkpoint) == 0
    said = re.findall(r"(\w+): differs from PyTorch by (\S+) at most", capsys.readouterr().out)
    assert [name for name, _ in said] == ["embeddings", "scores", "distances"]
    assert all(float(difference) <= 1e-4 for _, difference in said)
    assert own_checkpoint.read_bytes() == before

    path = own_checkpoint.with_suffix(".onnx")
    onnx.checker.check_model(onnx.load(path))
    session = session_of(path)
    facts = session.get_modelmeta().custom_metadata_map
    assert json.loads(facts["class_names"]) == model.class_names
    assert json.loads(facts["centroid_names"]) == [*model.class_names, "white"]
    assert json.loads(facts["threshold"]) == 1.5
    [given] = session.get_inputs()
    assert (given.name, given.type, given.shape[1:]) == ("images", "tensor(uint8)", [1, 28, 28])

    data = DigitsDataModule("digits", num_classes=10, channels=1, image_size=28)
    data.setup()
    for count in (1, 3, 100):  # the batch is free
        images = data.test_part.images[:count]
        found = model.predict(images)
        embeddings, scores, distances = session.run(None, {"images": images.numpy()})
        np.testing.assert_allclose(embeddings, model.embed(images), atol=1e-4)
        assert scores.argmax(1).tolist() == found.preds.tolist()
        np.testing.assert_allclose(distances.min(1), found.distances, atol=1e-4)
        assert [model.names[k] for k in distances.argmin(1)] == found.nearest


def made(normalize: bool = False, away: float = 0.0) -> EmbeddingModel:
    """An untrained RGB network with centroids, all `away` from the origin."""
    torch.manual_seed(0)
    net = ConvNet(3, 16, 4, normalize=normalize, widths=[4], hidden=8)
    centroids = LearnedCentroids(3, 4, init="normal", std=0.1)
    with torch.no_grad():
        net[-1].bias += away
        centroids.weight += away
    head = LinearScores(4, 3, normalized=normalize, scale=8.0 if normalize else None)
    module = ClassifierModule(net, head, centroids, CombinedLoss(0.1), None, 3, 4).eval()
    return EmbeddingModel(module, ["a", "b", "é"], PictureInput(3, 16, 16, crop=0.8))


def test_normalised_embeddings_and_names_beyond_ascii(tmp_path):
    differences = onnx_file.write_onnx(made(normalize=True), tmp_path / "m.onnx")
    assert max(differences.values()) < 1e-5
    facts = session_of(tmp_path / "m.onnx").get_modelmeta().custom_metadata_map
    assert json.loads(facts["class_names"]) == ["a", "b", "é"]
    assert "threshold" not in facts
    assert json.loads(facts["crop"]) == 0.8


def test_distances_lose_no_digits_far_from_the_origin(tmp_path):
    """‖z‖² − 2zᵀc + ‖c‖² of numbers near 1e3 would be off by 1e-1 in float32."""
    model = made(away=1e3)
    onnx_file.write_onnx(model, tmp_path / "m.onnx")
    images = torch.randint(0, 256, (5, 3, 16, 16), dtype=torch.uint8)
    names = ["embeddings", "distances"]
    embeddings, distances = session_of(tmp_path / "m.onnx").run(names, {"images": images.numpy()})
    pairs = ((z.astype(float), c.tolist()) for z in embeddings for c in model.centroids)
    expected = [math.dist(z, c) for z, c in pairs]
    np.testing.assert_allclose(distances.flatten(), expected, rtol=1e-4, atol=2e-4)


def test_a_difference_is_an_error_and_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_file, "TOLERANCE", -1.0)
    with pytest.raises(
        UserError, match=r"ONNX differs from PyTorch beyond .*embeddings.*nothing was written"
    ):
        onnx_file.write_onnx(made(), tmp_path / "m.onnx")
    assert not list(tmp_path.iterdir())


def test_the_comparison_sees_a_wrong_file():
    model = made()
    content = onnx_file._serialized(model)
    with torch.no_grad():
        model.module.centroids.weight[1] += 0.01
    differences = onnx_file._differences(model, content)
    assert differences["embeddings"] < 1e-5
    assert differences["distances"] > 1e-4


def test_a_place_that_cannot_be_written(own_checkpoint, started, tmp_path, capsys):
    output = tmp_path / "none" / "m.onnx"
    assert started(export, "--checkpoint", own_checkpoint, "--output", output) == 2
    assert "none/m.onnx: cannot be written (No such file or directory)" in capsys.readouterr().err


def test_another_distance_is_refused(tmp_path):
    model = made()
    model.gallery.distance = "cosine"
    with pytest.raises(UserError, match="distance is cosine; ONNX files have Euclidean alone"):
        onnx_file.write_onnx(model, tmp_path / "m.onnx")


def test_a_missing_library_is_named(checkpoint, started, monkeypatch, capsys):
    monkeypatch.setattr(export, "LIBRARIES", ("onnx", "no_such_library"))
    assert started(export, "--checkpoint", checkpoint) == 2
    assert "error: no_such_library: not installed; needs pip install 'icv-lightning[export]'" in (
        capsys.readouterr().err
    )


def test_the_example_runs_without_this_package(own_checkpoint, tmp_path):
    model = EmbeddingModel.load(own_checkpoint)
    onnx_file.write_onnx(model, tmp_path / "last.onnx")
    image = DigitsDataModule("digits", num_classes=10, channels=1, image_size=28)
    image.setup()
    Image.fromarray(image.test_part.images[0, 0].numpy()).save(tmp_path / "picture.png")
    [example] = re.findall(
        r"```python\n(import json.*?)```", (ROOT / "docs" / "predict.md").read_text(), flags=re.DOTALL
    )
    assert len(example.splitlines()) <= 15
    (tmp_path / "example.py").write_text(f"{example}\nimport sys\nassert 'torch' not in sys.modules\n")
    done = subprocess.run(
        [sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    found = model.predict([tmp_path / "picture.png"])
    assert done.stdout.split()[:2] == [found.names[0], found.nearest[0]]
