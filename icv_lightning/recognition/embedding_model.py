"""A trained network in use: pictures to embeddings and classes, classes added without training."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from icv_lightning.data.picture import PictureInput
from icv_lightning.data.traits import Ranges, read_ranges
from icv_lightning.errors import UserError
from icv_lightning.module import ClassifierModule, Outputs
from icv_lightning.recognition.checkpoint import module_in, trained_for
from icv_lightning.recognition.inputs import Images, input_images
from icv_lightning.recognition.nearest_centroid_classifier import NearestCentroidClassifier
from icv_lightning.records.checkpoints import read_checkpoint


class Predictions(NamedTuple):
    """What `EmbeddingModel.predict` says of B images.

    Attributes:
        names: B classes of the highest score, among those trained on.
        preds: B, their numbers.
        probabilities: B, of these classes (softmax of the scores).
        nearest: B classes of the nearest centroid, enrolled ones included.
        distances: B, to that centroid.
        margin: B, how much farther the second nearest is.
        unknown: B, whether the distance is beyond the threshold.
        all_probabilities: B x K, of every class trained on.
        embeddings: B x N.
    """

    names: list[str]
    preds: Int[Tensor, " batch"]
    probabilities: Float[Tensor, " batch"]
    nearest: list[str]
    distances: Float[Tensor, " batch"]
    margin: Float[Tensor, " batch"]
    unknown: Bool[Tensor, " batch"]
    all_probabilities: Float[Tensor, "batch class"]
    embeddings: Float[Tensor, "batch dim"]


class EmbeddingModel:
    """A network with its centroids and the names of its classes; `load` makes one of a checkpoint.

    Images are a uint8 tensor B x C x H x W, or pictures of any size and mode, one or many: files, PIL images
    and uint8 arrays H x W or H x W x 3, which are brought to that as in training. They are computed in
    float32, `batch_size` at a time; results come to the CPU.

    Args:
        module: the trained module, in evaluation mode.
        class_names: K names, in the order of the scores.
        picture_input: size and channels of pictures in training.
        gallery: classes enrolled beside those trained on.
        device: the network's device.
        batch_size: images computed at once.
    """

    def __init__(
        self,
        module: ClassifierModule,
        class_names: Sequence[str],
        picture_input: PictureInput,
        gallery: NearestCentroidClassifier | None = None,
        device: str = "cpu",
        batch_size: int = 256,
    ) -> None:
        self.module, self.class_names = module.to(device), list(class_names)
        self.picture_input = picture_input
        self.gallery = gallery or NearestCentroidClassifier()
        self.device, self.batch_size = device, batch_size
        self.usual: Ranges = {}
        self._gallery_path: Path | None = None
        self._digest: str | None = None

    @classmethod
    def load(cls, checkpoint: str | Path, device: str = "cpu", trusted: str | Sequence[str] = ()) -> Self:
        """Return the model in a run's checkpoint, with the classes in the gallery file beside it.

        Both are read without running anything that they hold (`load_checkpoint`, whose `trusted` this is).

        Raises:
            UserError: a file that cannot be read so, or a gallery made with another checkpoint.
        """
        path = Path(checkpoint)
        content = read_checkpoint(path, device)
        model = cls(module_in(content, path, trusted), *trained_for(content, path), device=device)
        model.usual = read_ranges((content.get("data") or {}).get("usual"))
        model._gallery_path, model._digest = path.with_suffix(".gallery"), digest(path)
        if model._gallery_path.exists():
            model.gallery = NearestCentroidClassifier.load(model._gallery_path, checkpoint=model._digest)
            own = other = model.module.centroids().shape[1]
            if model.gallery.names:
                other = model.gallery.centroids.shape[1]
            if own != other:
                raise UserError(f"{model._gallery_path}: holds embeddings of {other}, not {own} numbers")
        return model

    @property
    def names(self) -> list[str]:
        """Return the names of all centroids: classes trained on, then enrolled ones."""
        return [*self.class_names, *self.gallery.names]

    @property
    def centroids(self) -> Float[Tensor, "names dim"]:
        """Return the centroids of `names`, float64 on the CPU."""
        own = self.module.centroids().detach().cpu().double()
        return torch.cat([own, self.gallery.centroids]) if self.gallery.names else own

    def embed(self, images: Images) -> Float[Tensor, "batch dim"]:
        """Return the embeddings of images; raise `ValueError` where there are none or of a wrong shape."""
        return self._outputs(images).embeddings

    def predict(self, images: Images, threshold: float | None = None) -> Predictions:
        """Return classes and nearest centroids; `threshold` (else the gallery's) decides what is unknown.

        Raises:
            ValueError: no images, or of a wrong shape.
            UserError: a file that cannot be read.
        """
        outputs = self._outputs(images)
        all_probabilities = outputs.logits.softmax(1)
        probabilities, preds = all_probabilities.max(1)
        found = self._classifier().predict(outputs.embeddings)
        threshold = self.gallery.threshold if threshold is None else threshold
        unknown = found.distances > (torch.inf if threshold is None else threshold)
        nearest = [self.names[k] for k in found.preds.tolist()]
        names = [self.class_names[k] for k in preds.tolist()]
        return Predictions(
            names, preds, probabilities, nearest, found.distances, found.margin, unknown, all_probabilities,
            outputs.embeddings,
        )  # fmt: skip

    def fit_threshold(self, images: Images, names: Sequence[str], false_rejection_rate: float) -> float:
        """Return a threshold that calls at most this share of further images of known `names` unknown.

        That of `NearestCentroidClassifier.fit_threshold`, with its promise. Take images that were neither
        trained on nor enrolled. It is not kept: `gallery.threshold` and `save_gallery` do that.

        Raises:
            ValueError: a name without centroid, no images, or a rate outside [0, 1).
        """
        position = {name: str(k) for k, name in enumerate(self.names)}
        if strangers := sorted(set(names) - set(position)):
            raise ValueError(f"no such class: {', '.join(strangers[:5])}")
        own = [position[name] for name in names]
        return self._classifier().fit_threshold(self.embed(images), own, false_rejection_rate)

    def enroll(self, images: Images, name: str) -> None:
        """Add a class, or images to one that was added; `save_gallery` keeps it.

        Raises:
            ValueError: no images, or a name that is empty, "unknown" or a class trained on.
        """
        if name in self.class_names:
            raise ValueError(f"{name}: the network was trained on this class; choose another name")
        self.gallery.enroll(self.embed(images), name)

    def save_gallery(self) -> Path:
        """Write the gallery file beside the checkpoint, which stays as it is; return its path."""
        if self._gallery_path is None:
            raise ValueError("a gallery is saved beside a checkpoint, from which this model was not loaded")
        dim = self.module.centroids().shape[1]
        self.gallery.save(self._gallery_path, checkpoint=self._digest, embedding_dim=dim)
        return self._gallery_path

    def _classifier(self) -> NearestCentroidClassifier:
        """Return all centroids as one classifier; its names are positions, as class names may be anything."""
        gallery = self.gallery
        options = {key: getattr(gallery, key) for key in ("distance", "covariance", "shrinkage")}
        positions = [str(k) for k in range(len(self.names))]
        return NearestCentroidClassifier.of_centroids(self.centroids, positions, **options)

    @torch.no_grad()
    def _outputs(self, images: Images) -> Outputs:
        parts = torch.split(input_images(images, self.picture_input), self.batch_size)
        found = [self.module(part.to(self.device)) for part in parts]
        return Outputs(*(torch.cat(values).cpu() for values in zip(*found, strict=True)))


def digest(path: Path) -> str:
    """Return what tells a checkpoint file from others (SHA-256)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
