"""Variability of a weighted sample and of its classes (section 2.2 of the paper), as pure functions.

Everything is summed in float64 after subtracting means, so it stays exact far from the origin, and is
differentiable in the embeddings. Weights are normalised to probabilities; none means equal ones.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
