"""A small convolutional network in the vocabulary of the paper's MNIST descriptor (section 3.3)."""

from collections.abc import Sequence

from torch import nn

from icv_lightning.errors import check_at_least
from icv_lightning.nets.blocks import check_dropout, conv, full, pooled_side
from icv_lightning.nets.embedding import Embedding
from icv_lightning.nets.standardize import Standardize


class ConvNet(nn.Sequential):
    """image → I → (5x5 conv br → P_2) per width → F_br^hidden → D_dropout → F^N.

    Maps uint8 images (B x C x S x S) to embeddings (B x N).

    Args:
        channels: image channels C.
        image_size: side S in pixels; each width halves it.
        embedding_dim: N.
        normalize: embeddings of unit length.
        widths: kernels of each convolution.
        hidden: features of the full connection.
        dropout: fraction of its features dropped in training, in [0, 1).
        batch_norm: batch normalisation before each ReLU (`br`), else `r`.

    Raises:
        ValueError: no widths or one below 1, an image too small for the poolings, `hidden` below 1, or
            `dropout` outside [0, 1).
    """

    def __init__(
        self,
        channels: int,
        image_size: int,
        embedding_dim: int,
        normalize: bool = False,
        widths: Sequence[int] = (32, 64),
        hidden: int = 1024,
        dropout: float = 0.5,
        batch_norm: bool = True,
    ) -> None:
        side = pooled_side(image_size, widths)
        check_at_least(1, hidden=hidden)
        check_dropout(dropout)
        layers: list[nn.Module] = [Standardize(channels)]
        for inputs, width in zip([channels, *widths], widths, strict=False):
            layers += [*conv(5, inputs, width, batch_norm), nn.MaxPool2d(2)]
        layers += [nn.Flatten(), *full(widths[-1] * side * side, hidden, batch_norm), nn.Dropout(dropout)]
        super().__init__(*layers, Embedding(hidden, embedding_dim, normalize))
