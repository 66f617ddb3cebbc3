"""Whether W&B can be written to online, asked before anything is computed. Loads no torch."""

import functools

from icv_lightning.errors import UserError, one_line

OFFLINE = "or leave logger.wandb.offline=true and upload later with wandb sync"


@functools.cache
def check_login(asked_by: str = "logger.wandb.offline=false", otherwise: str = OFFLINE) -> None:
    """Ask W&B, at most for some ten seconds, whether it knows who is logged in here; never ask the user.

    Args:
        asked_by: the setting that needs W&B.
        otherwise: alternative to a login, for the message.

    Raises:
        UserError: no login, one that W&B refuses, or no connection; the message never holds the key.
    """
    import wandb

    try:
        known = wandb.login(prompt=False, verify=True)
    except Exception as error:  # authentication, usage and connection errors are of several kinds
        raise UserError(f"{asked_by}: W&B login failed ({one_line(error)}); {otherwise}") from None
    if not known:
        raise UserError(
            f"{asked_by}: not logged in to W&B; run wandb login, or set WANDB_API_KEY, {otherwise}"
        )
