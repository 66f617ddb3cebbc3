"""Augmentation of whole batches in training, on the device that computes; the same on every machine."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
