"""A cell of the explorer as compact arrays: 16-bit coordinates by epoch, pictures once a data set."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from bokeh.models import ColumnDataSource
from PIL import Image

from icv_lightning.records.pictures import read_images
from icv_lightning.records.runs import Run
from icv_lightning.records.snapshots import Snapshot
from icv_lightning.records.variants import Variant
from icv_lightning.report.figures.panels import Frame, frame_of, names_of
from icv_lightning.report.page import data_uri

POINTS = 2000  # of a cell
THUMBNAIL = 48  # pixels, the largest side of an image
AXIS_PERCENTILE = 99  # percentile of the coordinates that the narrower axes hold
COORDINATE_MAX = 32767  # of a coordinate, from the middle to the outermost point


class Part(NamedTuple):
    """The points of a data set that every cell of it shows, with their pictures."""

    rows: np.ndarray
    source: ColumnDataSource
    names: list[str]


Parts = dict[tuple[str, str, int], Part]


def packed_cell(
    label: str, variant: Variant, run: Run, parts: Parts, folders: Sequence[Path]
) -> dict[str, Any] | None:
    """Return the sources and facts of one cell, None without a whole snapshot.

    Args:
        label: how the cell is called.
        variant: variant that the run belongs to.
        run: run whose snapshots are packed.
        parts: images of the data sets; those met first are added.
        folders: grids' folders, in which the images are looked up.
    """
    last = run.last_snapshot
    if last is None:
        return None
    key = (run.cell.data, last.part, len(last.target))
    if key not in parts:
        parts[key] = _part(last, names_of(variant, run.cell.data), run, folders)
    part, frame = parts[key], frame_of(last)
    epochs = {e: s for e in run.epochs if (s := run.snapshot(e)) and len(s.target) == len(last.target)}
    placed = np.stack([frame.place(s.embeddings[part.rows]) for s in epochs.values()])
    centres = _centres(frame, list(epochs.values()))
    extent = float(np.nanmax(np.abs(placed))) or 1.0
    steps = np.round(placed / extent * COORDINATE_MAX).astype(np.int16)
    preds = np.concatenate([s.preds[part.rows] for s in epochs.values()]).astype(np.uint16)
    state = "" if run.status == "completed" else f", {run.status}"
    return {
        "label": f"{label} (seed {run.seed}{state})",
        "cell": run.cell,
        "points": ColumnDataSource({"x": steps[..., 0].ravel(), "y": steps[..., 1].ravel(), "preds": preds}),
        "centres": centres,
        "part": part.source,
        "kind": {"val": "validation"}.get(last.part, last.part),
        "names": part.names,
        "epochs": list(epochs),
        "extent": extent / COORDINATE_MAX,
        "reach": _reach(placed, centres),
    }


def _reach(placed: np.ndarray, centres: ColumnDataSource) -> list[float]:
    """Return how far axes reach: over all points, and over `AXIS_PERCENTILE` % of the last epoch's."""
    far = [float(np.nanmax(np.abs(column), initial=0.0)) for column in centres.data.values()]
    means = [float(np.nanmax(np.abs(centres.data[f"class_means_{axis}"]), initial=0.0)) for axis in "xy"]
    most = float(np.nanpercentile(np.abs(placed[-1]), AXIS_PERCENTILE))
    return [1.05 * max(float(np.nanmax(np.abs(placed))), *far), 1.08 * max(most, *means)]


def _centres(frame: Frame, snapshots: Sequence[Snapshot]) -> ColumnDataSource:
    columns: dict[str, np.ndarray] = {}
    for key in ("centroids", "class_means"):
        placed = np.concatenate([frame.place(getattr(s, key)) for s in snapshots]).astype(np.float32)
        columns |= {f"{key}_x": placed[:, 0], f"{key}_y": placed[:, 1]}
    return ColumnDataSource(columns)


def _part(last: Snapshot, names: list[str], run: Run, folders: Sequence[Path]) -> Part:
    rows = np.sort(np.random.default_rng(0).permutation(len(last.target))[:POINTS])
    images = read_images([run.folder.parent, *folders], run.cell.data)
    of_part = images.get(f"{last.part}_images")
    places = {int(k): i for i, k in enumerate(images.get(f"{last.part}_index", []))}
    index = last.index[rows].astype(np.int32)
    pictures = [
        _picture(of_part[places[k]]) if of_part is not None and k in places else "" for k in index.tolist()
    ]
    source = {"target": last.target[rows].astype(np.uint16), "index": index, "image": pictures}
    return Part(rows, ColumnDataSource(source), names)


def _picture(image: np.ndarray) -> str:
    """Return a C x H x W uint8 image as a PNG data URI."""
    picture = Image.fromarray(image[0] if len(image) == 1 else np.moveaxis(image[:3], 0, -1))
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return data_uri(file.getvalue(), "png")
