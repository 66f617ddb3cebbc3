"""P1 and P2: training steps, ours beside a script in the style of public ones and beside a bare loop.

    python -m benchmarks.steps [--rounds 3] [--steps 60] [model=lenet_pp …]

peer        torchvision's MNIST, a transform per image, a DataLoader of 2 workers, float32, a plain loop
bare        the same network, loss and Adam over uint8 tensors in memory, batch by batch, channels-last
ours        Lightning's `fit` on the project's data, module and callbacks, as the command runs it
…-fast      with the precision of trainer=fast

All in one process, in turns; the first steps of each turn are not counted. Images/s are medians over rounds.
"""

import argparse
import gzip
import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import lightning as L
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, open_dict

from benchmarks import written
from icv_lightning import hardware, instantiate
from icv_lightning.cell import register_resolvers
from icv_lightning.composition import CONF

WARM_UP = 5


class Clock(L.Callback):
    """Note the time of each step's end."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_train_batch_end(self, trainer: L.Trainer, *arguments: object) -> None:
        if trainer.strategy.root_device.type == "cuda":
            torch.cuda.synchronize()
        self.times.append(time.perf_counter())


def rate(times: list[float], batch: int) -> float:
    """Return images a second over the steps after the warm-up."""
    return batch * (len(times) - 1 - WARM_UP) / (times[-1] - times[WARM_UP])


def ours(config: DictConfig, steps: int, precision: str) -> float:
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        config = config.copy()
        config.trainer.precision = precision
        with open_dict(config):
            config.callbacks.pop("progress")
        config.trainer.max_epochs, config.logger = 1, None
        logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
        trainer = instantiate.build_trainer(config, Path(folder))
        trainer.callbacks.append(clock)
        trainer.limit_train_batches, trainer.limit_val_batches = steps + WARM_UP + 1, 0
        data = instantiate.build_datamodule(config)
        trainer.fit(instantiate.build_module(config), datamodule=data)
    return rate(clock.times, config.data.batch_size)


def loop(
    module: L.LightningModule, batches: Iterator[tuple[torch.Tensor, torch.Tensor]], steps: int,
    precision: str, first: int = 0,
) -> list[float]:  # fmt: skip
    """Train on `batches`, from layer `first` of the network; return the time of each step's end."""
    net, optimizer = (
        torch.nn.Sequential(*list(module.net)[first:]),
        torch.optim.Adam(module.parameters(), lr=0.001),
    )
    times = []
    for _ in range(steps + WARM_UP + 1):
        images, target = next(batches)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision.startswith("bf16")):
            embeddings = net(images)
            logits = module.head(embeddings)
        loss = module.loss(logits.float(), embeddings.float(), module.centroids(), target)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        times.append(time.perf_counter())
    return times


def bare(config: DictConfig, steps: int, precision: str) -> float:
    data = instantiate.build_datamodule(config)
    data.setup()
    module = instantiate.build_module(config).train()
    module.net[0].fit(*data.pixel_statistics())
    images, target = data.train_part.images, data.train_part.target
    batches = (
        (images[index], target[index]) for index in torch.randperm(len(target)).split(config.data.batch_size)
    )
    return rate(loop(module, batches, steps, precision), config.data.batch_size)


def peer_loader(config: DictConfig, folder: str) -> torch.utils.data.DataLoader:
    """Return torchvision's MNIST, unpacked in `folder`, with a transform per image."""
    from torchvision import transforms
    from torchvision.datasets import MNIST

    instantiate.build_datamodule(config).setup()  # finds or downloads the archives
    raw = Path(folder) / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for archive in (Path(config.data.root) / "MNIST" / "raw").glob("*.gz"):
        (raw / archive.stem).write_bytes(gzip.decompress(archive.read_bytes()))
    steps_of_image = [transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]
    images = MNIST(folder, train=True, transform=transforms.Compose(steps_of_image))
    return torch.utils.data.DataLoader(images, config.data.batch_size, shuffle=True, num_workers=2)


def peer(config: DictConfig, steps: int, precision: str) -> float:
    module = instantiate.build_module(config).train().to(memory_format=torch.contiguous_format)
    with tempfile.TemporaryDirectory() as folder:
        batches = iter(peer_loader(config, folder))
        return rate(loop(module, batches, steps, precision, first=1), config.data.batch_size)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("overrides", nargs="*", default=["model=lenet_pp"])
    given = parser.parse_args()
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", given.overrides)
    fast = hardware.fast_precision()
    variants: dict[str, tuple[Callable[..., float], str]] = {
        "peer": (peer, "32-true"), "bare": (bare, "32-true"), "ours": (ours, "32-true"),
        "bare-fast": (bare, fast), "ours-fast": (ours, fast),
    }  # fmt: skip
    rates: dict[str, list[float]] = {name: [] for name in variants}
    for number in range(given.rounds):
        for name, (measure, precision) in list(variants.items())[:: 1 if number % 2 == 0 else -1]:
            rates[name].append(measure(config, given.steps, precision))
            print(f"round {number + 1}  {name:10} {rates[name][-1]:8.0f} images/s", flush=True)
    middle = {name: statistics.median(values) for name, values in rates.items()}
    written.out(
        "steps",
        [
            ("P1 fast over peer", middle["ours-fast"] / middle["peer"], ">= 2.0"),
            ("P1 float32 over peer", middle["ours"] / middle["peer"], ">= 1.15"),
            ("P1 fast over the bare loop", middle["ours-fast"] / middle["bare-fast"], ">= 0.95"),
            ("P2 step over the bare loop's, float32", middle["bare"] / middle["ours"], "<= 1.03"),
            ("P2 step over the bare loop's, fast", middle["bare-fast"] / middle["ours-fast"], "<= 1.03"),
        ],
        images_per_second=rates, overrides=given.overrides, precision=fast,
    )  # fmt: skip


if __name__ == "__main__":
    main()
