"""The reference, made of the code: public names with their docstrings, options of commands, choices of conf/.

In a page of docs/reference/ a line `!public icv_lightning.losses` stands for all public names of that
package, `!commands` for the commands with their options, `!choices` for the choices, `!licences` for those of
what is installed.
"""

import html
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from icv_lightning.__main__ import VERBS

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"^from \.([\w.]+) import (\w+) as \w+$", re.MULTILINE)
LINE = re.compile(r"^!(public|commands|choices|licences)(.*)$", re.MULTILINE)
REQUIREMENT = re.compile(r"[\w.-]+")
shown: set[str] = set()


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill a page of the reference."""
    if not page.file.src_uri.startswith("reference/"):
        return markdown
    makers = {"public": _public, "commands": _commands, "choices": _choices, "licences": _licences}
    return LINE.sub(lambda match: "\n".join(makers[match[1]](*match[2].split())), markdown)


def on_post_build(config: MkDocsConfig) -> None:
    """Raise an error where a public name is on no page."""
    if missing := {name for _, name in _names("icv_lightning")} - shown:
        raise PluginError(f"docs/reference: no page shows {', '.join(sorted(missing))}")


def _names(package: str) -> list[tuple[str, str]]:
    stub = ROOT.joinpath(*package.split("."), "__init__.pyi").read_text()
    return [(f"{package}.{module}", name) for module, name in NAME.findall(stub)]


def _public(package: str, *only: str) -> Iterator[str]:
    """Yield a directive for each public name of a package; with `only`, those of its modules named there."""
    for module, name in _names(package):
        if not only or module.removeprefix(package + ".").split(".")[0] in only:
            shown.add(name)
            yield f"::: {module}.{name}\n"


def _commands() -> Iterator[str]:
    with ThreadPoolExecutor(2) as pool:
        for (verb, meaning), text in zip(VERBS.items(), pool.map(_help, VERBS), strict=True):
            yield f"## {verb}\n\n{meaning}.\n\n```text\n{text.rstrip()}\n```\n"


def _help(verb: str) -> str:
    command = [sys.executable, "-m", "icv_lightning", verb, "--help"]
    environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1"}
    return subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def _choices() -> Iterator[str]:
    for folder in sorted(path for path in (ROOT / "conf").rglob("*") if path.is_dir()):
        group = folder.relative_to(ROOT / "conf").as_posix()
        rows = [_choice(path) for path in sorted(folder.glob("*.yaml"))]
        if rows and not re.match(r"hydra/(?!launcher)", group):
            yield f"## {group}\n\n| choice | what it is |\n|---|---|"
            yield "\n".join(rows) + "\n"


def _choice(path: Path) -> str:
    """Return the row of a choice: what its file's comment says, up to what an experiment claims."""
    comments = [line[2:] for line in path.read_text().splitlines() if line.startswith("# ")]
    said = " ".join(line for line in comments if not line.startswith("@package"))
    meaning, sign, example = said.partition(" E.g. ")
    text = re.split(r" (?=(?:Claim|Command|Cost|Shows|Expected)\b)", meaning)[0]
    return f"| `{path.stem}` | {html.escape(text)}{f' E.g. `{example}`' if sign else ''} |"


def _licences() -> Iterator[str]:
    """Yield a table for what every installation needs, and one for each extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {"every installation": project["dependencies"], **project["optional-dependencies"]}
    for name, requirements in needed.items():
        found = [REQUIREMENT.match(text) for text in requirements]
        packages = [match[0] for match in found if match and match[0] != project["name"]]
        title = name.capitalize() if name == "every installation" else f"Extra `{name}`"
        options = ("--from=mixed", "--with-urls", "--format=markdown", "--packages", *packages)
        command = [sys.executable, "-m", "piplicenses", *options]
        yield f"## {title}\n\n" + subprocess.run(command, capture_output=True, text=True, check=True).stdout
