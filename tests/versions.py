"""The lowest versions that pyproject.toml allows of everything that it names, as constraints for pip.

    python tests/versions.py > oldest.txt

Standard library alone: it runs before anything is installed.
"""

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
BOUND = re.compile(r"(?P<name>[\w.-]+)(\[.*\])?>=(?P<version>[\w.]+)(,.*)?")


def lowest(project: Path = PROJECT) -> list[str]:
    """Return `name==version` of each requirement; raise ValueError for one without a lower bound."""
    content = tomllib.loads(project.read_text())["project"]
    extras = content["optional-dependencies"].values()
    named = [word for words in (content["dependencies"], *extras) for word in words]
    found = set()
    for requirement in named:
        if requirement.startswith(f"{content['name']}["):
            continue
        if not (match := BOUND.fullmatch(requirement)):
            raise ValueError(f"{requirement}: has no lower bound")
        found.add(f"{match['name']}=={match['version']}")
    return sorted(found)


if __name__ == "__main__":
    print("\n".join(lowest()))
