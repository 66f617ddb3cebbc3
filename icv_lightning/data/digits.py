"""The real 8x8 digits that scikit-learn embeds: no network, no files, for smoke runs and tests."""

import torch
from sklearn.datasets import load_digits
from torch.nn.functional import interpolate

from icv_lightning.data.datamodule import FIXED_SEED, ImageDataModule
from icv_lightning.data.parts import Part, stratified


class DigitsDataModule(ImageDataModule):
    """1,437 training and 360 test digits, bilinearly resized from 8x8, split once for all, stratified.

    The options are those of `ImageDataModule`.
    """

    def load(self) -> tuple[Part, Part]:
        """Return train and test part."""
        digits = load_digits()
        grey = torch.from_numpy(digits.images).unsqueeze(1) * (255 / 16)
        size = (self.image_size, self.image_size)
        images = interpolate(grey, size, mode="bilinear", align_corners=False).round().to(torch.uint8)
        images = images.expand(-1, self.channels, -1, -1).contiguous()
        target = torch.from_numpy(digits.target).long()
        train, test = stratified(torch.arange(len(target)), target, 360, FIXED_SEED)
        return (images[train], target[train]), (images[test], target[test])
