"""P1 and P2: training steps, ours beside a script in the style of public ones and beside a bare loop.

    python -m benchmarks.steps [--rounds 3] [--steps 60] [model=lenet_pp …]

peer        torchvision's MNIST, a transform per image, a DataLoader of 2 workers, float32, a plain loop
bare        the same network, loss and fused Adam over uint8 tensors in memory, or on the GPU, channels-last
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
from icv_lightning import building, hardware
from icv_lightning.configuration.composition import CONF
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.module import ClassifierModule
from icv_lightning.run.trainer import build_trainer

WARM_UP = 5
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class Clock(L.Callback):
    """Note the time after the warm-up and after the last step; a GPU is waited for then alone."""

    def __init__(self, steps: int) -> None:
        self.steps, self.done = steps, 0
        self.times: list[float] = []

    def tick(self) -> None:
        self.done += 1
        if self.done in (WARM_UP, WARM_UP + self.steps):
            if DEVICE == "cuda":
                torch.cuda.synchronize()
            self.times.append(time.perf_counter())

    def on_train_batch_end(self, *arguments: object) -> None:
        self.tick()

    def rate(self, batch: int) -> float:
        """Return images a second over the steps after the warm-up."""
        return batch * self.steps / (self.times[1] - self.times[0])


def fresh_module(config: DictConfig) -> ClassifierModule:
    """Return the module of a run, untrained."""
    return building.build_module(**building.module_arguments(config)).train()


def trained(config: DictConfig, batches: int, callback: L.Callback) -> None:
    """Train so many batches under Lightning, as a run does, with a callback more and nothing evaluated."""
    with tempfile.TemporaryDirectory() as folder:
        config = config.copy()
        with open_dict(config):
            config.callbacks.pop("progress")
        config.trainer.max_epochs, config.logger = 1, None
        logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
        trainer = build_trainer(config, Path(folder))
        trainer.callbacks.append(callback)  # type: ignore[attr-defined]
        trainer.limit_train_batches, trainer.limit_val_batches = batches, 0
        trainer.fit(fresh_module(config), datamodule=building.build_datamodule(config))


def ours(config: DictConfig, steps: int, precision: str) -> float:
    clock, config = Clock(steps), config.copy()
    config.trainer.precision = precision
    trained(config, steps + WARM_UP, clock)
    return clock.rate(config.data.batch_size)


def loop(
    module: L.LightningModule, batches: Iterator[tuple[torch.Tensor, torch.Tensor]], steps: int,
    precision: str, first: int = 0, fused: bool = True,
) -> Clock:  # fmt: skip
    """Train on `batches`, from layer `first` of the network."""
    module, clock = module.to(DEVICE), Clock(steps)
    net = torch.nn.Sequential(*list(module.net)[first:])
    optimizer = torch.optim.Adam(module.parameters(), lr=0.001, fused=fused)
    for _ in range(steps + WARM_UP):
        images, target = (x.to(DEVICE) for x in next(batches))
        with torch.autocast(DEVICE, torch.bfloat16, enabled=precision.startswith("bf16")):
            embeddings = net(images)
            logits = module.head(embeddings)
        loss = module.loss(logits.float(), embeddings.float(), module.centroids(), target)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        clock.tick()
    return clock


def bare(config: DictConfig, steps: int, precision: str) -> float:
    data = building.build_datamodule(config)
    data.setup()
    module = fresh_module(config)
    module.net[0].fit(*data.pixel_statistics())
    images, target = data.train_part.images.to(DEVICE), data.train_part.target.to(DEVICE)
    order = torch.randperm(len(target), device=DEVICE)
    batches = ((images[index], target[index]) for index in order.split(config.data.batch_size))
    return loop(module, batches, steps, precision).rate(config.data.batch_size)


def peer_loader(config: DictConfig, folder: str) -> torch.utils.data.DataLoader:
    """Return torchvision's MNIST, unpacked in `folder`, with a transform per image."""
    from torchvision import transforms
    from torchvision.datasets import MNIST

    building.build_datamodule(config).setup()  # finds or downloads the archives
    raw = Path(folder) / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for archive in (Path(config.data.root) / "MNIST" / "raw").glob("*.gz"):
        (raw / archive.stem).write_bytes(gzip.decompress(archive.read_bytes()))
    steps_of_image = [transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]
    images = MNIST(folder, train=True, transform=transforms.Compose(steps_of_image))
    return torch.utils.data.DataLoader(images, config.data.batch_size, shuffle=True, num_workers=2)


def peer(config: DictConfig, steps: int, precision: str) -> float:
    module = fresh_module(config).to(memory_format=torch.contiguous_format)
    with tempfile.TemporaryDirectory() as folder:
        batches = iter(peer_loader(config, folder))
        return loop(module, batches, steps, precision, 1, fused=False).rate(config.data.batch_size)


def composed(overrides: list[str]) -> DictConfig:
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", overrides)


def beyond(middle: dict[str, float], config: DictConfig) -> float:
    """Return the milliseconds a step of ours takes beyond one of the bare loop, in the fast preset."""
    return 1000 * config.data.batch_size * (1 / middle["ours-fast"] - 1 / middle["bare-fast"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("overrides", nargs="*", default=["model=lenet_pp"])
    given = parser.parse_args()
    config = composed(given.overrides)
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
        f"steps_{config.model.name}",
        [
            ("P1 fast over peer", middle["ours-fast"] / middle["peer"], ">= 2.0"),
            ("P1 float32 over peer", middle["ours"] / middle["peer"], ">= 1.15"),
            ("P1 fast over the bare loop", middle["ours-fast"] / middle["bare-fast"], ">= 0.95"),
            ("P2 step over the bare loop's, float32", middle["bare"] / middle["ours"], "<= 1.03"),
            ("P2 step over the bare loop's, fast", middle["bare-fast"] / middle["ours-fast"], "<= 1.03"),
            ("P2 beyond the bare loop, fast, ms a step", beyond(middle, config), "<= 0.3 on an H100"),
        ],
        images_per_second=rates, overrides=given.overrides, precision=fast,
    )  # fmt: skip


if __name__ == "__main__":
    main()
