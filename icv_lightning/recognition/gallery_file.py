"""The gallery file: enrolled names on disk, tensors and primitives alone, read without running anything."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from icv_lightning.errors import UserError, reason
from icv_lightning.records.files import replaced

FORMAT, VERSION = "icv_lightning gallery", 1


def write_gallery(path: str | Path, content: Mapping[str, Any]) -> None:
    """Write `content` with format and version; a file of that name is replaced when all is written."""
    with replaced(Path(path)) as file:
        torch.save({"format": FORMAT, "version": VERSION, **content}, file)


def read_gallery(path: str | Path) -> dict[str, Any]:
    """Return the checked content of a gallery.

    It holds `embedding_dim` N, K `names`, K `counts`, `sums` (K x N, float64), `distance`, `threshold` or
    None, `covariance` (N x N, float64) or None, `shrinkage`, and `checkpoint`, the digest of
    the network that made the embeddings, or None.

    Raises:
        UserError: a file that cannot be read with `weights_only=True`, or holds anything else.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a file that is not its own
        raise UserError(f"{path}: not a gallery that can be loaded safely ({reason(error)})") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(f"{path}: not a gallery of icv_lightning")
    if content.get("version") != VERSION:
        raise UserError(f"{path}: a gallery of version {content.get('version')!r}, this reads {VERSION}")
    if wrong := [key for key, is_right in _checks(content).items() if not is_right]:
        raise UserError(f"{path}: a gallery with wrong {', '.join(wrong)}")
    return content


def _checks(content: Mapping[str, Any]) -> dict[str, bool]:
    found: Any = {key: content.get(key) for key in ("names", "counts", "embedding_dim", "covariance")}
    names, counts, dim, covariance = found.values()
    is_names = isinstance(names, list) and all(isinstance(n, str) and n for n in names)
    is_dim = type(dim) is int and dim > 0
    return {
        "checkpoint": isinstance(content.get("checkpoint"), str | None),
        "embedding_dim": is_dim,
        "names": is_names and len(set(names)) == len(names),
        "counts": is_names and isinstance(counts, list) and len(counts) == len(names)
        and all(type(count) is int and count > 0 for count in counts),
        "sums": is_names and is_dim and _is_matrix(content.get("sums"), len(names), dim),
        "distance": content.get("distance") in ("euclidean", "cosine", "mahalanobis"),
        "threshold": content.get("threshold") is None or _is_number(content["threshold"]),
        "covariance": "covariance" in content
        and (covariance is None or (is_dim and _is_matrix(covariance, dim, dim))),
        "shrinkage": _is_number(content.get("shrinkage")) and content["shrinkage"] <= 1,
    }  # fmt: skip


def _is_matrix(value: Any, rows: Any, columns: Any) -> bool:
    return (
        isinstance(value, Tensor)
        and value.shape == (rows, columns)
        and value.dtype == torch.float64
        and value.layout == torch.strided
        and bool(value.isfinite().all())
    )


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and value >= 0
