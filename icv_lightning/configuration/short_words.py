"""Short words for the keys that are typed most."""

import re

SHORT = {
    "lr": "optimizer.lr",
    "epochs": "trainer.max_epochs",
    "batch_size": "data.batch_size",
    "dim": "model.embedding_dim",
}
_WORD = re.compile(rf"({'|'.join(SHORT)})(?==)")


def full_key(word: str) -> str:
    """Return `word` with the whole key in place of a short one: `lr=0.1` is `optimizer.lr=0.1`."""
    return _WORD.sub(lambda found: SHORT[found[1]], word) if _WORD.match(word) else word
