"""The login that online W&B needs: one clear line, no question, no key in it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import wandb

from icv_lightning.configuration.wandb_login import check_login
from icv_lightning.errors import UserError

KEY = "0123456789abcdef" * 3


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine where nobody is logged in to W&B."""
    check_login.cache_clear()
    wandb.teardown()  # forget the session's credentials
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "config"))
    for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)


def test_nobody_logged_in() -> None:
    with pytest.raises(
        UserError, match=r"^logger\.wandb\.offline=false: not logged in to W&B; run wandb login"
    ):
        check_login()


def test_a_key_that_cannot_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "verysecret")
    with pytest.raises(UserError, match=r"W&B login failed .*40") as error:
        check_login()
    assert "verysecret" not in str(error.value)
    assert "\n" not in str(error.value)


def test_what_wandb_says_is_one_line_without_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: object) -> bool:
        raise wandb.errors.AuthenticationError("refused:\n  no such user")

    monkeypatch.setattr(wandb, "login", refuse)
    with pytest.raises(UserError, match=r"dashboard: W&B login failed \(refused: no such user\); try later$"):
        check_login("dashboard", "try later")


def test_a_login_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    def accept(**options: object) -> bool:
        asked.append(options)
        return True

    monkeypatch.setattr(wandb, "login", accept)
    check_login()
    check_login()
    assert asked == [{"prompt": False, "verify": True}]


def test_a_grid_is_refused_in_one_line_before_anything_starts(
    main: Callable[..., int], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main("-m", "loss.lambda=0,1", "logger=wandb", "logger.wandb.offline=false") == 2
    output = capfd.readouterr()
    assert output.err.count("\n") == 1
    assert output.err.startswith("error: logger.wandb.offline=false: not logged in to W&B")
    assert not (tmp_path / "outputs").exists()
