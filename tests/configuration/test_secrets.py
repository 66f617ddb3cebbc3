"""Secrets have no place in settings."""

import pytest

from icv_lightning.configuration.secrets import check_no_secret
from icv_lightning.errors import UserError


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("logger.wandb.api_key", "abc", "a secret"),
        ("token", 5, "a secret"),
        ("data.root", "https://me:pass@host/data", "a login"),
        ("data.root", "https://host/data?access_token=1", "a login"),
        ("name", "run-0123456789abcdef", "the value of MY_TOKEN"),
    ],
)
def test_a_secret_is_refused_and_not_repeated(key, value, what, monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "0123456789abcdef")
    with pytest.raises(UserError, match=f"^{key}: holds {what}, ") as refused:
        check_no_secret([(key, value)])
    assert str(value) not in str(refused.value)


def test_nested_values_are_looked_at():
    with pytest.raises(UserError, match=r"^logger\.own\.password: holds a secret"):
        check_no_secret([("logger", {"own": {"url": "https://host", "password": "x"}})])


@pytest.mark.parametrize(
    ("key", "value"), [("token", None), ("secret", ""), ("tokens", 3), ("name", "short"), ("a.keys", "x")]
)
def test_what_is_no_secret_passes(key, value, monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "short")
    check_no_secret([(key, value)])
