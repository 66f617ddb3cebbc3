"""Images on the device: the batches of a loader, bit for bit, and when they stay on the host."""

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from icv_lightning.data import DigitsDataModule
from icv_lightning.data.images import InMemoryImages
from icv_lightning.data.resident import Residence, ResidentBatches

GPU = torch.device("cuda", 0)


def data(**options: object) -> DigitsDataModule:
    made = DigitsDataModule("digits", 10, 1, 8, batch_size=100, **options)
    made.setup()
    return made


@pytest.mark.parametrize(
    "options", [{}, {"train_size": 333}, {"per_class": 32}, {"classes": range(3), "num_classes": 3}]
)
def test_batches_are_those_of_a_loader(options: dict[str, object]) -> None:
    made = DigitsDataModule(**{"name": "digits", "num_classes": 10, "channels": 1, "image_size": 8} | options)
    made.setup()
    for loader in (made.train_dataloader(), *made.val_dataloader(), *made.test_dataloader()):
        assert isinstance(loader, DataLoader)
        resident = ResidentBatches(loader.dataset, loader.batch_sampler)
        assert len(resident) == len(loader)
        for epoch in (0, 1):
            made.train_order.set_epoch(epoch)
            for ours, theirs in zip(resident, loader, strict=True):
                assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def pretended(monkeypatch: pytest.MonkeyPatch, free: int) -> list[torch.device]:
    """Let there be a GPU of so much free memory, and copies to it stay here; give the list of copies."""
    copies: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, 2 * free))
    monkeypatch.setattr(Tensor, "to", lambda self, device: (copies.append(device), self)[1])
    return copies


def test_parts_share_one_copy_of_their_images(monkeypatch: pytest.MonkeyPatch) -> None:
    made, copies = data(), pretended(monkeypatch, 2**30)
    residence = Residence(GPU)
    first, second = residence.of(made.train_part), residence.of(made.monitor_part)
    assert first is not None
    assert second is not None
    assert copies == [GPU] * 5  # the images once, target and index of each part
    assert first.images is second.images


def test_what_stays_on_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    part = data().train_part
    pretended(monkeypatch, 4 * part.images.nbytes)
    assert Residence(GPU).of(part) is not None
    assert Residence(torch.device("cpu")).of(part) is None
    assert (
        Residence(GPU).of(InMemoryImages(part.images, part.all_target, transform=lambda image: image)) is None
    )
    pretended(monkeypatch, 4 * part.images.nbytes - 4)
    assert Residence(GPU).of(part) is None


@pytest.mark.parametrize(("device", "kind"), [("auto", ResidentBatches), ("cpu", DataLoader)])
def test_the_key_decides(monkeypatch: pytest.MonkeyPatch, device: str, kind: type) -> None:
    made = data(device=device)
    pretended(monkeypatch, 2**30)
    made.trainer = SimpleNamespace(global_rank=0, world_size=1, strategy=SimpleNamespace(root_device=GPU))
    assert isinstance(made.train_dataloader(), kind)
    assert all(isinstance(loader, kind) for loader in made.val_dataloader())


def test_an_unknown_device() -> None:
    with pytest.raises(ValueError, match="device must be 'auto' or 'cpu', got 'cuda'"):
        data(device="cuda")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_batches_on_a_gpu_are_those_of_the_host() -> None:
    loader = data().train_dataloader()
    part = Residence(GPU).of(loader.dataset)
    assert part is not None
    for ours, theirs in zip(ResidentBatches(part, loader.batch_sampler), loader, strict=True):
        assert all(a.is_cuda and torch.equal(a.cpu(), b) for a, b in zip(ours, theirs, strict=True))
