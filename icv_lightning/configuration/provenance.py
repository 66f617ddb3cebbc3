"""What a run is made of beside its settings: its pictures, and the code of parts of a user's own."""

import hashlib
import importlib.util
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from icv_lightning.configuration.identity import Identity
from icv_lightning.data.digest import changes, pictures_digest
from icv_lightning.errors import UserError
from icv_lightning.records.results import read_results
from icv_lightning.records.trust import targets

if TYPE_CHECKING:
    from icv_lightning.data import ImageDataModule

INSTALLED = {Path(sysconfig.get_path(key)) for key in ("stdlib", "platstdlib", "purelib", "platlib")}
HOW_TO_RETRAIN = "force=true trains again, another name=… keeps both"


def provenance(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run with this resolved configuration would be made of, as primitives.

    Returns:
        `data`: the digest of its pictures, None for a data set that names none (then the images that it
        loads count, see `contents_changed`); `code`: the SHA-256
        of the source of each part that is neither of this package nor installed, by its `_target_`.
    """
    sources = {target: _source(target) for target in sorted({str(target) for target in targets(config)})}
    code = {target: _sha256(files) for target, files in sources.items() if files}
    return {"data": pictures_digest(config["data"]), "code": code}


def check_record(cell: Identity) -> None:
    """Raise `UserError` where a completed record would stand for other pictures, or for other code."""
    folder = Path(cell.config["paths"]["run"])
    results = read_results(folder)
    if results and results.get("status") == "completed" and not cell.config["force"]:
        check_provenance(
            results.get("provenance"), cell.config, f"{folder}: completed before", HOW_TO_RETRAIN
        )


def check_provenance(recorded: Any, config: Mapping[str, Any], what: str, advice: str) -> None:
    """Refuse to go on, or to give numbers, where pictures or code are not those of a record.

    Args:
        recorded: `provenance` as a record or checkpoint holds it; without it nothing is compared.
        config: resolved, of the run to be.
        what: the record, for the message.
        advice: remedy that the message names.

    Raises:
        UserError: naming what changed.
    """
    if not isinstance(recorded, Mapping):
        return
    said = pictures_changed(recorded, config["data"])
    now, code = provenance(config)["code"], recorded.get("code")
    edited = [name for name in now if isinstance(code, Mapping) and code.get(name) != now[name]]
    said += [f"the code of {', '.join(edited)} was edited since"] * bool(edited)
    if said:
        raise UserError(f"{what}: {'; '.join(said)}; {advice}")


def pictures_changed(recorded: Any, data: Mapping[str, Any]) -> list[str]:
    """Say how the pictures of a resolved `data` node differ from the recorded ones, if they do."""
    unlike = _unlike(recorded, lambda: pictures_digest(data))
    return [f"data.root={data.get('root')} holds other pictures now, {', '.join(unlike)}"] if unlike else []


def contents_changed(recorded: Any, data: "ImageDataModule") -> list[str]:
    """Say how the images of a data set of a user's own, set up, differ from the recorded ones, if they do."""
    unlike = _unlike(recorded, data.digest)
    return [f"data={data.name} gives other pictures now, {', '.join(unlike)}"] if unlike else []


def _unlike(recorded: Any, digest: Callable[[], Mapping[str, Any] | None]) -> list[str]:
    before = recorded.get("data") if isinstance(recorded, Mapping) else None
    now = digest() if isinstance(before, Mapping) else None
    return changes(before, now) if now and isinstance(before, Mapping) else []


def _source(target: str) -> list[Path]:
    """Return the file that a user's own class or function is in, or all files of its package's folder."""
    first, *others = target.split(".")
    spec = importlib.util.find_spec(first) if first not in ("", "icv_lightning") else None
    if spec is None or spec.origin in ("built-in", "frozen"):
        return []
    places = [*(spec.submodule_search_locations or []), *([spec.origin] if spec.origin else [])]
    if not places or any(Path(place).is_relative_to(root) for place in places for root in INSTALLED):
        return []
    place = Path(places[0])
    for part in others:
        if (place / part).is_dir():
            place = place / part
        elif (place / f"{part}.py").is_file():
            return [place / f"{part}.py"]
    return sorted(place.glob("*.py")) if place.is_dir() else [place]


def _sha256(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
