"""Warnings about training pictures that are all equal or empty."""

from collections.abc import Sequence

from torch import Tensor

from icv_lightning.data.images import InMemoryImages
from icv_lightning.data.spaced import spaced
from icv_lightning.errors import first_few

SAMPLE_SIZE = 2000  # pictures, evenly spaced, before all of a class are
MAX_LISTED = 5


def without_content(part: InMemoryImages, class_names: Sequence[str]) -> str | None:
    """Return a warning where all pictures are equal, or all of a class have one colour; else None."""
    looked_at = spaced(len(part), SAMPLE_SIZE)
    images, target = part.images[part.index[looked_at]], part.target
    blank, seen = _of_one_colour(images), target[looked_at]
    suspects = [k for k in sorted(set(seen[blank].tolist())) if blank[seen == k].all()]
    blanks = [k for k in suspects if _of_one_colour(part.images[part.index[target == k]]).all()]
    equal = bool((images == images[:1]).all())
    if not (equal or blanks):
        return None
    advice = "what is transparent shows a white ground" if images.min() == 255 else "look at them"
    if equal and (len(looked_at) == len(part) or blanks):
        return f"all pictures to train on are equal, so that nothing can be learnt; {advice}"
    names = first_few([class_names[k] for k in blanks], MAX_LISTED)
    return f"every picture of these classes has one colour alone: {names}; {advice}"


def _of_one_colour(images: Tensor) -> Tensor:
    rows = images.flatten(2)
    return (rows == rows[:, :, :1]).flatten(1).all(1)
