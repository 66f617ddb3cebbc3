"""The command `icv-lightning completion bash|zsh|fish` prints the completion script of a shell."""

import argparse
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from icv_lightning.__main__ import VERBS
from icv_lightning.command_line import checkpoint
from icv_lightning.configuration.composition import CONF
from icv_lightning.declarations.settings import SETTINGS
from icv_lightning.errors import UserError
from icv_lightning.terminal.exit_status import run

SHELLS = ("bash", "zsh", "fish")
SETTING_VERBS = ("run", "search")  # these take key=value


def main() -> None:
    """Print the script; exit with 0, or 2 and one line on what is wrong."""
    run(parser(), _print)


def parser() -> argparse.ArgumentParser:
    """Return the arguments of this command."""
    found = argparse.ArgumentParser(
        prog="python -m icv_lightning.completion",
        description="Print the script that completes verbs, options, choices and files of icv-lightning.",
        epilog="e.g. icv-lightning completion fish > ~/.config/fish/completions/icv-lightning.fish",
    )
    found.add_argument("shell", choices=SHELLS)
    return found


def _print(arguments: argparse.Namespace) -> int:
    if find_spec("shtab") is None:
        raise UserError("shtab: not installed; completion needs pip install 'icv-lightning[completion]'")
    import shtab

    found = all_commands()
    for action in _actions(found):
        if action.type in (Path, checkpoint):
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    whole_words = "COMP_WORDBREAKS=${COMP_WORDBREAKS//=/}"  # else bash completes what follows = as a word
    print(shtab.complete(found, shell=arguments.shell, preamble={"bash": whole_words}))  # type: ignore[arg-type]
    return 0


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield the arguments of a parser and of its verbs."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for own in action.choices.values():
                yield from _actions(own)


def all_commands() -> argparse.ArgumentParser:
    """Return one parser of all verbs."""
    found = argparse.ArgumentParser(prog="icv-lightning")
    verbs = found.add_subparsers()
    for verb, meaning in VERBS.items():
        if verb in SETTING_VERBS:
            verbs.add_parser(verb, help=meaning).add_argument("setting", nargs="*", choices=settings())
        else:
            own = import_module(f"icv_lightning.{verb}")
            if hasattr(own, "__path__"):  # the command of a package is its __main__
                own = import_module(f"icv_lightning.{verb}.__main__")
            verbs.add_parser(verb, help=meaning, parents=[own.parser()], add_help=False)
    return found


def settings() -> list[str]:
    """Return `group=choice` for the files of conf/, and `key=` for the keys of every run."""
    files = sorted(path.relative_to(CONF).with_suffix("") for path in CONF.glob("*/*.yaml"))
    return [f"{path.parent}={path.name}" for path in files] + [f"{key}=" for key in SETTINGS]


if __name__ == "__main__":
    main()
