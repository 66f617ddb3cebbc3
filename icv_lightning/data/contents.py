"""What images a data set gives, as a digest that tells others of the same settings from them."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from icv_lightning.data.spaced import spaced

LOOKED_AT = 100  # images of a part that are decoded on demand


def contents_digest(parts: Mapping[str, tuple[Any, Tensor]], class_names: Sequence[str]) -> dict[str, Any]:
    """Return what `icv_lightning.data.digest.changes` compares.

    Args:
        parts: images (a tensor M x C x H x W, or what gives them on demand) and classes, by the part's name.
        class_names: by number.

    Returns:
        `sha256` of shapes, classes and pixels (of 100 images of each part that is decoded on demand), and
        `files`, how many images there are of each class.
    """
    digest, counts = hashlib.sha256(), dict[str, int]()
    for part, (images, target) in parts.items():
        looked_at = images
        if not isinstance(images, Tensor):
            looked_at = images[spaced(len(target), LOOKED_AT)]
        for values in (target, looked_at):
            digest.update(f"{part} {values.dtype} {tuple(values.shape)} ".encode())
            digest.update(values.cpu().contiguous().numpy().data)
        for k, count in enumerate(target.bincount().tolist()):
            name = class_names[k] if k < len(class_names) else k
            counts |= {f"{part}/{name}": count} if count else {}
    return {"sha256": digest.hexdigest(), "files": counts}
