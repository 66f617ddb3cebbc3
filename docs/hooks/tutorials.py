"""A tutorial is run in an empty folder of its own; its page shows what its blocks print (markdown-exec)."""

import os
import tempfile
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
_folders: list[tempfile.TemporaryDirectory[str]] = []


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Go to an empty folder before a tutorial is run."""
    if page.file.src_uri.startswith("tutorials/"):
        _folders.append(tempfile.TemporaryDirectory())
        os.chdir(_folders[-1].name)
    return markdown


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Come back."""
    if _folders:
        os.chdir(ROOT)
        _folders.pop().cleanup()
    return content
