"""Short words for the keys that are typed most."""

import pytest

from icv_lightning.configuration.short_words import full_key


@pytest.mark.parametrize(
    ("word", "whole"),
    [
        ("lr=0.1,0.2", "optimizer.lr=0.1,0.2"),
        ("epochs=3", "trainer.max_epochs=3"),
        ("batch_size=8", "data.batch_size=8"),
        ("dim=4", "model.embedding_dim=4"),
        ("optimizer.lr=0.1", "optimizer.lr=0.1"),
        ("name=lr=0.1", "name=lr=0.1"),
        ("lrs=1", "lrs=1"),
        ("-m", "-m"),
    ],
)
def test_short_words(word: str, whole: str) -> None:
    assert full_key(word) == whole
