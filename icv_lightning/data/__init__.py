"""Data: LightningDataModules that serve uint8 batches. They know no model."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
