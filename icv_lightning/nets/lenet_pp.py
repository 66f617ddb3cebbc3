"""LeNet++, the network that Wen et al. (2016) used to draw MNIST embeddings."""

from collections.abc import Sequence

from torch import nn

from icv_lightning.nets.blocks import check_dropout, conv, pooled_side
from icv_lightning.nets.embedding import Embedding
from icv_lightning.nets.standardize import Standardize


class LeNetPP(nn.Sequential):
    """image → I → (5x5 conv br → 5x5 conv br → P_2) per width → D_dropout → F^N.

    Maps uint8 images (B x C x S x S) to embeddings (B x N), at six times the work of `ConvNet`. Wen et
    al. have PReLU and no batch normalisation; the paper's notation has `br`.

    Args:
        channels: image channels C.
        image_size: side S in pixels; each width halves it.
        embedding_dim: N.
        normalize: embeddings of unit length.
        widths: kernels of each pair of convolutions.
        dropout: fraction of the last features dropped in training, in [0, 1).
        batch_norm: batch normalisation before each ReLU (`br`), else `r`.

    Raises:
        ValueError: no widths or one below 1, an image too small for the poolings, or `dropout` outside
            [0, 1).
    """

    def __init__(
        self,
        channels: int,
        image_size: int,
        embedding_dim: int,
        normalize: bool = False,
        widths: Sequence[int] = (32, 64, 128),
        dropout: float = 0.0,
        batch_norm: bool = True,
    ) -> None:
        side = pooled_side(image_size, widths)
        check_dropout(dropout)
        layers: list[nn.Module] = [Standardize(channels)]
        for inputs, width in zip([channels, *widths], widths, strict=False):
            layers += [
                *conv(5, inputs, width, batch_norm),
                *conv(5, width, width, batch_norm),
                nn.MaxPool2d(2),
            ]
        layers += [nn.Flatten(), nn.Dropout(dropout)]
        super().__init__(*layers, Embedding(widths[-1] * side * side, embedding_dim, normalize))
