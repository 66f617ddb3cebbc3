"""Augmentation of whole batches in training, on the device that computes; the same on every machine."""

from icv_lightning.data.augmentation.affine import Affine
from icv_lightning.data.augmentation.crop_flip import CropFlip
from icv_lightning.data.augmentation.in_turn import Augmentation, InTurn
from icv_lightning.data.augmentation.rand_augment import RandAugment

__all__ = ["Affine", "Augmentation", "CropFlip", "InTurn", "RandAugment"]
