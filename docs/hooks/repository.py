"""Pages of the site that are files of the repository; the README is the first page.

A link that leaves docs/ (to a module, to SECURITY.md) leads to a page with that file's content.
"""

import os
import re
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
ALWAYS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "benchmarks/README.md")
LINK = re.compile(r'(?P<before>\]\(|(?:src|href)=")(?P<target>[^)#"\s:]+)(?P<after>[)#"])')
LANGUAGES = {".py": "python", ".yaml": "yaml", ".toml": "toml", ".json": "json"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each file of the repository that a page leads to, or a page of it in turn."""
    waiting = [ROOT / "docs" / file.src_uri for file in files.documentation_pages()]
    waiting += [ROOT / name for name in ALWAYS]
    seen = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        if not path.is_relative_to(ROOT / "docs"):
            files.append(File.generated(config, _place(path), content=_content(path)))
        if path.suffix == ".md":
            found = (_led_to(path, match["target"]) for match in LINK.finditer(path.read_text()))
            waiting += [target for target in found if target]
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links lead to the pages of what they name."""
    generated = page.file.generated_by is not None
    path = _source(page.file.src_uri) if generated else ROOT / "docs" / page.file.src_uri
    return LINK.sub(lambda match: _rewritten(match, path, page.file.src_uri), markdown) if path else markdown


def _rewritten(match: re.Match[str], path: Path, place: str) -> str:
    target = _led_to(path, match["target"])
    if target is None:
        return match[0]
    return match["before"] + os.path.relpath(_place(target), PurePosixPath(place).parent) + match["after"]


def _led_to(path: Path, target: str) -> Path | None:
    """Return the file that a link of `path` names, None where there is none; of a folder its README."""
    found = Path(os.path.normpath(path.parent / target))
    found = found / "README.md" if found.is_dir() else found
    return found if found.is_file() and found.is_relative_to(ROOT) else None


def _place(path: Path) -> str:
    """Return where a file of the repository stands on the site."""
    own = path.relative_to(ROOT)
    if own.parts[0] == "docs":
        return own.relative_to("docs").as_posix()
    name = own.as_posix() + ("" if path.suffix == ".md" else ".md")
    return "index.md" if name == "README.md" else f"repository/{name}"


def _source(place: str) -> Path | None:
    if place == "index.md":
        return ROOT / "README.md"
    path = ROOT / place.removeprefix("repository/")
    return path if place.startswith("repository/") and path.is_file() else None


def _content(path: Path) -> str:
    if path.suffix == ".md":
        return path.read_text()
    name = path.relative_to(ROOT).as_posix()
    front, fence = "---\nsearch: {exclude: true}\n---\n", f"````{LANGUAGES.get(path.suffix, 'text')}"
    return f'{front}# {path.name}\n\n{fence} title="{name}"\n{path.read_text()}````\n'
