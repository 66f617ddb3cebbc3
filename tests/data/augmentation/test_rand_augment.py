"""RandAugment on batches: each operation as torchvision's own, image by image."""

import pytest
import torch
from torchvision.transforms import InterpolationMode, v2

from icv_lightning.data.augmentation import CropFlip, InTurn, RandAugment
from icv_lightning.data.augmentation.rand_augment import OPERATIONS, SIGNED

THEIRS = {name: name.title().replace("_", "") for name in OPERATIONS} | {"autocontrast": "AutoContrast"}


@pytest.fixture
def images() -> torch.Tensor:
    levels = torch.randint(20, 200, (6, 3, 16, 16), generator=torch.Generator().manual_seed(0))
    return levels.to(torch.uint8)


@pytest.mark.parametrize("magnitude", [0, 9, 30])
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_torchvisions(images: torch.Tensor, name: str, magnitude: int) -> None:
    library = v2.RandAugment(magnitude=magnitude)
    magnitudes, signed = library._AUGMENTATION_SPACE[THEIRS[name]]
    assert signed == (name in SIGNED)
    strengths = magnitudes(31, 16, 16)
    value = 0.0 if strengths is None else float(strengths[magnitude])
    for sign in (1, -1) if signed else (1,):
        found = OPERATIONS[name](images, sign * magnitude / 30)
        for image, one in zip(images, found, strict=True):
            expected = library._apply_image_or_video_transform(
                image, THEIRS[name], sign * value, InterpolationMode.NEAREST, {}
            )
            assert (one.int() - expected.int()).abs().max() <= 1  # a magnitude of float32 there


def test_each_image_gets_what_it_drew(images: torch.Tensor) -> None:
    """A batch is what its images are one by one."""
    augment, draws = RandAugment(2, 9), torch.rand(6, 4, generator=torch.Generator().manual_seed(3))
    found = augment(images, draws)
    for i in range(6):
        assert torch.equal(found[i], augment(images[i : i + 1], draws[i : i + 1])[0])
    first, second = 5 / 14 + 0.01, 13 / 14 + 0.01  # rotate to the other side, then equalize
    (one,) = augment(images[:1], torch.tensor([[first, 0.9, second, 0.0]]))
    assert torch.equal(one, v2.functional.equalize(v2.functional.rotate(images[0], -9.0)))


def test_several_in_turn_share_the_draws_out(images: torch.Tensor) -> None:
    crop, rand = CropFlip(2), RandAugment(1)
    both = InTurn([crop, rand])
    assert both.draws == 5
    draws = torch.rand(6, 5)
    assert torch.equal(both(images, draws), rand(crop(images, draws[:, :3]), draws[:, 3:]))


@pytest.mark.parametrize(
    ("options", "said"), [({"num_ops": 0}, "num_ops must be at least 1"), ({"magnitude": 31}, "from 0 to 30")]
)
def test_refused(options: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        RandAugment(**options)
