"""A network with its centroids as an ONNX file, checked against PyTorch."""

import json
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from icv_lightning.errors import UserError
from icv_lightning.recognition.embedding_model import EmbeddingModel
from icv_lightning.records.files import replaced

OUTPUTS = ("embeddings", "scores", "distances")
TOLERANCE = 1e-4
CHECKED = (1, 2, 33)  # batches that are compared


class _WithDistances(nn.Module):
    """Images to embeddings (B x N), scores (B x K) and distances to all centroids (B x names)."""

    centroids: Tensor

    def __init__(self, model: EmbeddingModel) -> None:
        super().__init__()
        self.net, self.head = model.module.net, model.module.head
        self.register_buffer("centroids", model.centroids.float())

    def forward(
        self, images: UInt8[Tensor, "batch channel height width"]
    ) -> tuple[Float[Tensor, "batch dim"], Float[Tensor, "batch classes"], Float[Tensor, "batch names"]]:
        embeddings = self.net(images)
        differences = embeddings[:, None] - self.centroids  # an expanded square would lose digits
        return embeddings, self.head(embeddings), differences.square().sum(2).sqrt()


def write_onnx(model: EmbeddingModel, path: Path) -> dict[str, float]:
    """Write `model` as ONNX and return by how much each output differs from PyTorch's, at most.

    Input `images`: uint8 B x C x H x W, B free, standardised inside. Outputs `embeddings` (B x N), `scores`
    (B x K) and `distances` (B x names; memory B x names x N). The metadata `class_names` (K) and
    `centroid_names` (classes trained on, then enrolled ones) are JSON lists; `threshold` is the gallery's, if
    it has one; `crop` is the share of a picture's central part that training kept, null for the whole
    picture; `invert` is true where dark and bright were exchanged. A difference is taken over the larger of 1
    and the largest absolute value of that output.

    Args:
        model: the model, on the CPU.
        path: file to write; it is whole and checked, or not there.

    Raises:
        UserError: a difference beyond 1e-4, a gallery of another distance than Euclidean, or a place that
            cannot be written.
    """
    if model.gallery.distance != "euclidean":
        raise UserError(
            f"the gallery's distance is {model.gallery.distance}; ONNX files have Euclidean alone"
        )
    content = _serialized(model)
    differences = _differences(model, content)
    if wrong := {name: d for name, d in differences.items() if not d <= TOLERANCE}:
        raise UserError(f"ONNX differs from PyTorch beyond {TOLERANCE}: {wrong}; nothing was written")
    try:
        with replaced(path) as file:
            file.write(content)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from error
    return differences


def _serialized(model: EmbeddingModel) -> bytes:
    images = torch.zeros(2, *model.picture_input.shape, dtype=torch.uint8)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter, about itself
        program = torch.onnx.export(
            _WithDistances(model).eval(), (images,), dynamo=True, verbose=False, input_names=["images"],
            output_names=OUTPUTS, dynamic_shapes=({0: torch.export.Dim("batch")},),
        )  # fmt: skip
    assert program is not None
    found = program.model_proto
    facts: dict[str, Any] = {"class_names": model.class_names, "centroid_names": model.names}
    facts |= {"crop": model.picture_input.crop, "invert": model.picture_input.invert}
    if model.gallery.threshold is not None:
        facts["threshold"] = model.gallery.threshold
    for key, value in facts.items():
        found.metadata_props.add(key=key, value=json.dumps(value))
    return found.SerializeToString()


def _differences(model: EmbeddingModel, content: bytes) -> dict[str, float]:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    generator = torch.Generator().manual_seed(0)
    found = dict.fromkeys(OUTPUTS, 0.0)
    for batch in CHECKED:
        shape = (batch, *model.picture_input.shape)
        images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
        with torch.no_grad():
            embeddings, logits = model.module(images)
        distances = (embeddings.double()[:, None] - model.centroids).norm(dim=2)
        expected = [x.double().numpy() for x in (embeddings, logits, distances)]
        seen = session.run(OUTPUTS, {"images": images.numpy()})
        for name, values, truth in zip(OUTPUTS, seen, expected, strict=True):
            gap = np.abs(values - truth).max() / max(1.0, np.abs(truth).max())
            found[name] = max(found[name], float(gap))
    return found
