"""The key of an argument as it is typed, and short words for the keys that are typed most."""

SHORT = {
    "lr": "optimizer.lr",
    "epochs": "trainer.max_epochs",
    "batch_size": "data.batch_size",
    "dim": "model.embedding_dim",
}


def key_in(word: str) -> str:
    """Return the key of `word`, an override as it is typed, without + and ~."""
    return word.partition("=")[0].lstrip("+~")


def full_key(word: str) -> str:
    """Return `word` with the whole key in place of a short one: `lr=0.1` is `optimizer.lr=0.1`."""
    key, sign, value = word.partition("=")
    return f"{SHORT[key]}={value}" if sign and key in SHORT else word
