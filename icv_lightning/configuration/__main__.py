"""`python -m icv_lightning.configuration` prints the tables of keys that docs/configuration.md holds."""

from collections.abc import Iterator

from icv_lightning.declarations.choices import component_keys
from icv_lightning.declarations.settings import ADDED, SETTINGS


def tables() -> Iterator[str]:
    """Yield the lines of two tables: the keys of every run, and those that components declare."""
    yield from ("| key | allowed | meaning |", "|---|---|---|")
    for key, setting in SETTINGS.items():
        yield f"| `{'+' * (key in ADDED)}{key}` | {setting.allowed} | {setting.meaning} |"
    yield from ("", "| key | with | allowed | meaning |", "|---|---|---|---|")
    rows: dict[tuple[str, str, str], list[str]] = {}
    for key, choice, setting in component_keys():
        rows.setdefault((key, setting.allowed, setting.meaning), []).append(choice)
    for (key, allowed, meaning), chosen in sorted(rows.items()):
        yield f"| `{key}` | {', '.join(f'`{choice}`' for choice in chosen)} | {allowed} | {meaning} |"


if __name__ == "__main__":
    print("\n".join(tables()))
