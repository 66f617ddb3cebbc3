"""Lightning loggers of this package: the record of a run, in files, W&B and TensorBoard."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
