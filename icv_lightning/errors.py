"""Exceptions: for what a user can put right, and for a run that went astray."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pickle import UnpicklingError

from icv_lightning.escaping import printable


class UserError(ValueError):
    """A wrong setting or input file; the message names it, the value, and what is allowed or what to do.

    It is one line, without control characters.
    """

    def __init__(self, message: str) -> None:
        if message.startswith("Caught UserError in DataLoader worker"):  # followed by a traceback as text
            message = message.rsplit("UserError: ", 1)[-1].strip()
        super().__init__(printable(message))  # names of files and classes may hold anything


class NonFiniteLossError(ArithmeticError):
    """A term of the loss became NaN or infinite, so that nothing after it means anything.

    Args:
        message: the term, the step, and what to change.
        step: the first such training step, counted from 1.
    """

    def __init__(self, message: str, step: int) -> None:
        super().__init__(message)
        self.step = step


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Put the setting or file that a value belongs to before the message of what is wrong with it.

    Raises:
        UserError: in the place of a `ValueError`.
    """
    try:
        yield
    except ValueError as error:
        raise UserError(f"{what}{error}") from error


def check_choice(name: str, value: object, allowed: Collection[str]) -> None:
    """Raise `ValueError` for an argument that is none of those allowed."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")


def check_at_least(low: int, **values: float) -> None:
    """Raise `ValueError` for an argument below `low`."""
    for name, value in values.items():
        if value < low:
            raise ValueError(f"{name} must be at least {low}, got {value}")


def check_installed(libraries: Sequence[str], needs: str, extra: str) -> None:
    """Raise `UserError` where a library is absent, with what needs it and the extra that brings it."""
    if missing := [name for name in libraries if find_spec(name) is None]:
        raise UserError(f"{', '.join(missing)}: not installed; {needs} pip install 'icv-lightning[{extra}]'")


def first_few(names: Sequence[str], most: int, others: str = "more") -> str:
    """Return the first `most` names with commas between, and how many others there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} {others}" if rest > 0 else "")


def one_line(error: BaseException) -> str:
    """Return an error's text without line breaks, or its kind where it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def reason(error: BaseException) -> str:
    """Return an error's first words, for one line; torch's own for code in a file advise to run that."""
    if isinstance(error, UnpicklingError):
        return "it is damaged, or holds other things than tensors, numbers and text"
    return one_line(error)[:200]
