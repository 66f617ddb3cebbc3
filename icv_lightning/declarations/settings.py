"""What every key of the configuration may hold, without torch.

`SETTINGS`, read from settings.yaml, declares the keys that the platform itself reads. What only one component
has (a loss, a centroid rule, a network, a data set, an optimizer) is declared in its YAML file, under
`about.keys` (see `declared`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from icv_lightning.declarations.value_types import LISTS, WORDS, is_text
from icv_lightning.errors import UserError
from icv_lightning.nested import ABSENT, is_number, plain, select

ABOUT = "about"  # node of a component's YAML file that describes it, and is no argument of its constructor


@dataclass(frozen=True)
class Setting:
    """What a key may hold.

    Attributes:
        kind: "integer", "number", "boolean", "text", or one of `LISTS`.
        meaning: what the key means, in a few words.
        low: the least value allowed.
        high: the greatest value allowed.
        above: the value must be greater than this.
        choices: the words allowed.
        optional: null is allowed.
        neutral: the value at which a run is what it was before the key existed; there the hash leaves it out.
        effect: whether the key can change a result; the hash leaves out one that cannot.
    """

    kind: str
    meaning: str
    low: float | None = None
    high: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False
    neutral: Any = ABSENT
    effect: bool = True

    def __post_init__(self) -> None:
        if self.kind not in WORDS:
            raise ValueError(f"kind={self.kind}: must be one of {', '.join(WORDS)}")
        if self.neutral is not ABSENT and not self.accepts(self.neutral):
            raise ValueError(f"neutral={self.neutral}: must be {self.allowed}")

    @property
    def allowed(self) -> str:
        """Say what is allowed."""
        words = "one of " + ", ".join(self.choices) if self.choices else WORDS[self.kind]
        words += f" of at least {self.low:.10g}" if self.low is not None else ""
        words += f" above {self.above:.10g}" if self.above is not None else ""
        words += f" and at most {self.high:.10g}" if self.high is not None else ""
        return words + (", or null" if self.optional else "")

    def accepts(self, value: Any) -> bool:
        """Tell whether `value` is allowed."""
        if value is None:
            return self.optional
        if self.kind in LISTS:
            return LISTS[self.kind](value)
        if self.kind == "text":
            word = value if isinstance(value, str) else str(value).lower()
            return word in self.choices if self.choices else is_text(value)
        if self.kind == "boolean":
            return isinstance(value, bool)
        if not is_number(value) or (self.kind == "integer" and not isinstance(value, int)):
            return False
        return (
            (self.low is None or value >= self.low)
            and (self.high is None or value <= self.high)
            and (self.above is None or value > self.above)
        )

    def is_neutral(self, value: Any) -> bool:
        """Tell whether a run with `value` is what it was before the key existed."""
        neutral = plain(self.neutral)
        return self.neutral is not ABSENT and type(value) is type(neutral) and bool(value == neutral)

    def check(self, key: str, value: Any) -> None:
        """Raise `UserError`, naming `key`, where `value` is not allowed."""
        if not self.accepts(value):
            raise UserError(f"{key}={value if value is not None else 'null'}: must be {self.allowed}")


def _read(place: str, fields: Any) -> Setting:
    options: dict[str, Any]
    try:
        options = {key: tuple(value) if key == "choices" else value for key, value in fields.items()}
        return Setting(**options)
    except (TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{place}: cannot be read ({str(error).removeprefix('Setting.__init__() ')})"
        ) from error


TABLE = Path(__file__).with_name("settings.yaml").read_text(encoding="utf-8")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the first is quicker, and not built everywhere
SETTINGS = {key: _read(key, fields) for key, fields in yaml.load(TABLE, LOADER).items()}
ADDED = frozenset(  # that conf/ does not hold and a user may add with +
    f"trainer.{key}"
    for key in (
        *("gradient_clip_val", "limit_train_batches", "accumulate_grad_batches"),
        *("check_val_every_n_epoch", "min_epochs", "max_steps"),
    )
)
NODES = ("model.net", "model.head", "centroids.layer", "loss.criterion", "optimizer.algorithm")
NEEDED = (  # what a run reads beside constructors, and may have been taken away with ~
    *("name", "seed", "force", "workers", "threads", "gpu_share", "ckpt_path", "cell"),
    *("paths.outputs", "paths.run", "data.name", "data.num_classes", "data.batch_size", "data.val_size"),
    *("model.name", "model.embedding_dim", "model.normalize", "centroids.name", "loss.name", "loss.lambda"),
    *("optimizer.lr", "optimizer.centroid_lr", "trainer.max_epochs", "trainer.accelerator"),
)


def declared(config: Mapping[str, Any]) -> dict[str, Setting]:
    """Return what the keys of a configuration may hold: `SETTINGS`, and what its components declare.

    A component declares its own keys in its YAML file, relative to the node that holds `about`, e.g. in
    conf/loss/mine.yaml: `about: {keys: {margin: {kind: number, above: 0, meaning: least distance}}}`.

    Args:
        config: nested primitives.

    Raises:
        UserError: a declaration that cannot be read.
    """
    found = dict(SETTINGS)
    for group, node in config.items():
        keys = select(node, f"{ABOUT}.keys", {}) or {}
        for name, fields in keys.items():
            found[f"{group}.{name}"] = _read(f"{group}.{ABOUT}.keys.{name}", fields)
    return found


def has_effect(key: str, settings: Mapping[str, Setting]) -> bool:
    """Tell whether a dotted key can change a result: neither it nor a node above it is declared not to."""
    parts = key.split(".")
    above = (".".join(parts[:n]) for n in range(1, len(parts) + 1))
    return ABOUT not in parts and all(settings[k].effect for k in above if k in settings)


def check_values(
    config: Mapping[str, Any], settings: Mapping[str, Setting], keys: Iterable[str] = ()
) -> None:
    """Check the values of `keys`, of all for none, and that what a run needs is there.

    Raises:
        UserError: naming the key, the value and what is allowed.
    """
    for key in keys or dict.fromkeys((*settings, *NODES, *NEEDED)):
        value = select(config, key)
        if (value is ABSENT and key in NEEDED) or (value in (None, ABSENT) and key in NODES):
            raise UserError(f"{key}: must be given, as {key}=…")
        if value is not ABSENT and key in settings:
            settings[key].check(key, value)
