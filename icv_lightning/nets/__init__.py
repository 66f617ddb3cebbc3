"""Networks: uint8 images to embeddings. They know neither loss nor Lightning."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
