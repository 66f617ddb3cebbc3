"""What predicting costs, and whether it gives the accuracy of the run, on its test images as PNG files.

    python -m benchmarks.predict --checkpoint outputs/<name>/<cell>/checkpoints/last.ckpt
    python -m benchmarks.predict --checkpoint … --images 2000

The command's parts are timed in this process, after the imports; the references are decoding alone and the
network alone, in the same run. Processor seconds are what other work on the machine disturbs least.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from PIL import Image

from icv_lightning import EmbeddingModel
from icv_lightning.building import build_datamodule
from icv_lightning.recognition.picture_files import PictureFiles
from icv_lightning.records.places import data_settings
from icv_lightning.records.results import read_results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--images", type=int, default=None, help="the first so many; default: all")
    given = parser.parse_args()
    run = given.checkpoint.parent.parent
    results = read_results(run) or {}
    data = build_datamodule(OmegaConf.create({"data": data_settings(run)}))
    data.setup()
    images, target = (x[: given.images] for x in data.test_part[range(len(data.test_part))])
    model = EmbeddingModel.load(given.checkpoint)
    with tempfile.TemporaryDirectory() as folder:
        for position, image in enumerate(images):
            pixels = image.permute(1, 2, 0).squeeze(2).numpy()
            Image.fromarray(pixels).save(Path(folder) / f"{position:06}.png")

        def files() -> PictureFiles:
            return PictureFiles([Path(folder)], model.picture_input)

        timed("decoding alone", len(images), lambda: [len(names) for names, _ in files()])
        timed("network alone", len(images), lambda: model.embed(images))
        found = timed("predict", len(images), lambda: [model.predict(batch) for _, batch in files()])
    names = [name for part in found for name in part.names]
    nearest = [name for part in found for name in part.nearest]
    truth = [model.class_names[k] for k in target.tolist()]
    for said, key in ((names, "test/acc"), (nearest, "test/acc_nearest_centroid")):
        right = sum(a == b for a, b in zip(said, truth, strict=True))
        print(f"{key}: {right} of {len(truth)} by predict; {results['metrics'][key]:.6f} in the run's record")


def timed(what: str, count: int, call: Callable[[], Any]) -> Any:
    wall, processor = time.perf_counter(), time.process_time()
    found = call()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(f"{what}: {count / wall:.0f} images/s of wall time, {count / processor:.0f} of processor time")
    return found


if __name__ == "__main__":
    main()
