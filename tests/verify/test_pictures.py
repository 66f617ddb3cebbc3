"""Which pictures are verified, and flip-averaged embeddings."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from icv_lightning.centroids import LearnedCentroids
from icv_lightning.errors import UserError
from icv_lightning.losses import CombinedLoss
from icv_lightning.module import ClassifierModule
from icv_lightning.nets import FaceDescriptor, LinearScores
from icv_lightning.unseen.spaces import of_network
from icv_lightning.verify.pictures import find_pictures, flip_averaged


def module(normalize: bool) -> ClassifierModule:
    torch.manual_seed(0)
    net = FaceDescriptor(1, 8, 4, normalize=normalize, stem=2, widths=[3], blocks=[1])
    head, centroids = LinearScores(4, 2), LearnedCentroids(2, 4)
    return ClassifierModule(
        net, head, centroids, CombinedLoss(0.0), None, num_classes=2, embedding_dim=4
    ).eval()


@pytest.mark.parametrize("normalize", [False, True])
def test_flip_averaging_by_definition(normalize):
    images = torch.randint(256, (5, 1, 8, 8), dtype=torch.uint8)
    plain, averaged = of_network(module(normalize)), flip_averaged(module(normalize))
    mean = torch.stack([plain(images), plain(torch.flip(images, [3]))]).mean(0)
    expected = mean / mean.norm(dim=1, keepdim=True) if normalize else mean
    torch.testing.assert_close(averaged(images), expected)
    torch.testing.assert_close(averaged(images), averaged(images.flip(-1)))


def pictures(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4)).save(folder / name)


def test_pictures_are_found_under_both_kinds_of_names(tmp_path):
    pictures(tmp_path, "Al_B/Al_B_0001.png", "Al_B/Al_B_0012.png", "s3/1.pgm", "s3/10.pgm")
    found = find_pictures(tmp_path, [("Al_B", 12), ("Al_B", 1), ("s3", 10)])
    assert [path.name for path in found] == ["Al_B_0012.png", "Al_B_0001.png", "10.pgm"]


@pytest.mark.parametrize(("name", "number"), [("s3", 2), ("nobody", 1)])
def test_a_picture_that_is_not_there(tmp_path, name, number):
    pictures(tmp_path, "s3/1.pgm")
    with pytest.raises(UserError, match=rf"{name}: has no picture {number} \({name}_000{number}"):
        find_pictures(tmp_path, [(name, number)])
