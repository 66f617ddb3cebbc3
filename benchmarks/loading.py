"""P5: one epoch of loading MNIST, ours over torchvision's loader, in turns.

    python -m benchmarks.loading [--rounds 3]

Ours: shuffled uint8 batches of 256 from memory, standardised as the network's first layer does.
Torchvision's: its MNIST, `ToTensor` and `Normalize` per image, a `DataLoader` of 2 workers. Reading the files
once is in neither.
"""

import argparse
import statistics
import tempfile
import time

from hydra import compose, initialize_config_dir

from benchmarks import written
from benchmarks.steps import peer_loader
from icv_lightning import building
from icv_lightning.configuration.composition import CONF
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.nets import Standardize


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", ["data=mnist"])
    data = building.build_datamodule(config)
    data.setup()
    standardize = Standardize(1)
    seconds: dict[str, list[float]] = {"ours": [], "torchvision": []}
    with tempfile.TemporaryDirectory() as folder:
        theirs = peer_loader(config, folder)
        for number in range(given.rounds):
            for name in list(seconds)[:: 1 if number % 2 == 0 else -1]:
                started = time.perf_counter()
                if name == "ours":
                    for images, _ in data.train_dataloader():
                        standardize(images)
                else:
                    for _ in theirs:
                        pass
                seconds[name].append(time.perf_counter() - started)
                print(f"round {number + 1}  {name:12} {seconds[name][-1]:7.3f} s", flush=True)
    ratio = statistics.median(seconds["torchvision"]) / statistics.median(seconds["ours"])
    written.out("loading", [("P5 loading over torchvision's", ratio, ">= 30")], seconds=seconds)


if __name__ == "__main__":
    main()
