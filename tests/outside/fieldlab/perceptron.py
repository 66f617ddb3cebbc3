"""A network of one hidden layer."""

from torch import nn

from icv_lightning.nets import Embedding, Standardize


class Perceptron(nn.Sequential):
    """uint8 images (B x C x S x S) to embeddings (B x N)."""

    def __init__(
        self, channels: int, image_size: int, embedding_dim: int, normalize: bool, width: int
    ) -> None:
        hidden = nn.Linear(channels * image_size**2, width)
        layers = (Standardize(channels), nn.Flatten(), hidden, nn.ReLU())
        super().__init__(*layers, Embedding(width, embedding_dim, normalize))
