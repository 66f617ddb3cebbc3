"""The face descriptor (section 3.2): residual convolutions in the spirit of Wen et al. 2016, z in R^1024.

The paper's diagram is a picture that its text lacks; the numbers of kernels and blocks here are those of
Wen et al.'s network.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from icv_lightning.nets.blocks import check_dropout, conv
from icv_lightning.nets.embedding import Embedding
from icv_lightning.nets.standardize import Standardize


class Residual(nn.Sequential):
    """x + (3x3 conv br → 3x3 conv br)(x), all of the same shape.

    Args:
        kernels: channels of input and output.
        batch_norm: batch normalisation before each ReLU (`br`), else `r`.
    """

    def __init__(self, kernels: int, batch_norm: bool) -> None:
        super().__init__(*conv(3, kernels, kernels, batch_norm), *conv(3, kernels, kernels, batch_norm))

    def forward(self, features: Tensor) -> Tensor:
        """Return features of the same shape."""
        added: Tensor = super().forward(features)  # type: ignore[no-untyped-call]
        return features + added


class FaceDescriptor(nn.Sequential):
    """image → I → 3x3 conv^stem br → (3x3 conv br → P_2 → R^blocks) per width → D_dropout → F^N.

    Maps uint8 images (B x C x H x W) to embeddings (B x N), of unit length unless told otherwise. R is
    `Residual`. With the defaults and 112x96 pixels the last convolutions have 512 x 7 x 6 features.

    Args:
        channels: image channels C.
        image_size: height H in pixels; each width halves it.
        embedding_dim: N.
        normalize: embeddings of unit length.
        image_width: W; None for H.
        stem: kernels of the first convolution.
        widths: kernels of each further size.
        blocks: residual blocks of each.
        dropout: fraction of the last features dropped in training, in [0, 1).
        batch_norm: batch normalisation before each ReLU (`br`), else `r`.

    Raises:
        ValueError: kernels below 1, not a number of blocks for each width, an image too small for the
            poolings, or `dropout` outside [0, 1).
    """

    def __init__(
        self,
        channels: int,
        image_size: int,
        embedding_dim: int = 1024,
        normalize: bool = True,
        image_width: int | None = None,
        stem: int = 32,
        widths: Sequence[int] = (64, 128, 256, 512),
        blocks: Sequence[int] = (1, 2, 5, 3),
        dropout: float = 0.0,
        batch_norm: bool = True,
    ) -> None:
        if stem < 1 or not widths or min(widths) < 1:
            raise ValueError(
                f"stem and widths must be positive, one or more widths, got {stem} and {list(widths)}"
            )
        if len(blocks) != len(widths) or min(blocks) < 0:
            raise ValueError(
                f"blocks must be a number for each of {len(widths)} widths, none negative, got {list(blocks)}"
            )
        shape = image_size, image_width or image_size
        height, width = (side // 2 ** len(widths) for side in shape)
        if min(height, width) < 1:
            raise ValueError(
                f"image_size and image_width must be at least {2 ** len(widths)} for widths {list(widths)}, "
                f"got {shape[0]} and {shape[1]}"
            )
        check_dropout(dropout)
        layers: list[nn.Module] = [Standardize(channels), *conv(3, channels, stem, batch_norm)]
        for inputs, kernels, count in zip([stem, *widths], widths, blocks, strict=False):
            layers += [*conv(3, inputs, kernels, batch_norm), nn.MaxPool2d(2)]
            layers += [Residual(kernels, batch_norm) for _ in range(count)]
        layers += [nn.Flatten(), nn.Dropout(dropout)]
        super().__init__(*layers, Embedding(widths[-1] * height * width, embedding_dim, normalize))
