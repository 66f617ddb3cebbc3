"""Image classifiers with tight, well separated classes: intra-class variance with learned centroids.

Every name loads on first use, so importing the package costs nothing.
"""

import lazy_loader

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
