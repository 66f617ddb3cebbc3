"""Tables of any grid: what differs in rows and columns, means over seeds, paired differences."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from icv_lightning.errors import UserError
from icv_lightning.inference.intervals import Interval, t_interval
from icv_lightning.records.axes import Axis, axes_of, by_place, label, named, place_of, rank
from icv_lightning.records.runs import Run
from icv_lightning.report.text_tables import Grid

MEASURES = {
    "acc": "highest score",
    "acc_nearest_class_mean": "nearest class mean",
    "acc_nearest_centroid": "nearest centroid",
}
Place = tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """Rows, columns and baseline that a user asks for.

    Attributes:
        rows: names of axes; all others come after them.
        columns: names of axes whose values stand beside each other; none puts the measures there.
        baseline: values by name of axis; each setting is compared with the one that has these instead.
    """

    rows: Sequence[str] = ()
    columns: Sequence[str] = ()
    baseline: Mapping[str, str] = field(default_factory=dict)


class Sweep:
    """The runs of a grid by what tells them apart.

    Args:
        runs: runs of any settings and seeds.
        layout: rows, columns and baseline of the tables.

    Raises:
        UserError: an axis, or a value of one, that the grid does not have.
    """

    def __init__(self, runs: Sequence[Run], layout: Layout) -> None:
        self.axes = axes_of(runs)
        self.runs = by_place(runs, self.axes)
        self.columns = [self._axis("--columns", name) for name in layout.columns]
        first = [self._axis("--rows", name) for name in layout.rows]
        rest = [axis for axis in self.axes if axis not in (*first, *self.columns)]
        self.rows = [*(axis for axis in first if axis not in self.columns), *rest]
        self.baseline = {self._axis("--baseline", name): value for name, value in layout.baseline.items()}
        for axis, value in self.baseline.items():
            if value not in axis.values:
                raise UserError(f"--baseline {axis.title}={value}: must be one of {', '.join(axis.values)}")

    def _axis(self, option: str, name: str) -> Axis:
        axis = named(name, self.axes)
        if axis is None:
            titles = ", ".join(axis.title for axis in self.axes) or "nothing but seeds"
            raise UserError(f"{option} {name}: must be what differs between the runs, {titles}")
        return axis

    def values(self, place: Place, measure: str) -> dict[int, float]:
        """Return the final test values of the completed runs at a place, by seed."""
        found = {run.seed: run.metrics.get(f"test/{measure}") for run in self.runs.get(place, [])}
        return {seed: value for seed, value in found.items() if value is not None}

    def paired(self, place: Place, measure: str) -> Interval | None:
        """Return the difference to the baseline over the seeds that both have; None where there is none."""
        other = self.rival(place)
        ours, theirs = self.values(place, measure), self.values(other, measure)
        both = sorted(ours.keys() & theirs.keys())
        return t_interval([ours[seed] - theirs[seed] for seed in both]) if both and other != place else None

    def rival(self, place: Place) -> Place:
        """Return the place that has the baseline's values and is the same elsewhere."""
        return tuple(self.baseline.get(axis, value) for axis, value in zip(self.axes, place, strict=True))

    def label(self, place: Place) -> str:
        """Return what tells this place from others."""
        return label(place, self.axes)

    def label_of(self, runs: Sequence[Run]) -> str:
        """Return what these runs have in common of what differs in the grid."""
        places = {place_of(run, self.axes) for run in runs}
        found = zip(self.axes, zip(*places, strict=True), strict=True)
        common = {axis: values[0] for axis, values in found if len(set(values)) == 1}
        return label(common.values(), common.keys())

    def tables(self) -> list[Grid]:
        """Return the tables as text: one with the measures as columns, or one for each measure."""
        kinds = [("Test accuracy", "", self._mean, self.note)]
        if self.baseline:
            words = ", ".join(f"{axis.title} {value}" for axis, value in self.baseline.items())
            note = f"Mean difference over seeds that both have, paired, ± {self.half}."
            kinds.append((f"Difference to {words}", "-difference", self._difference, note))
        tables = self._crossed if self.columns else self._plain
        return [grid for kind in kinds for grid in tables(*kind)]

    def _plain(self, title: str, suffix: str, text: Any, note: str) -> Iterator[Grid]:
        heading = [*(axis.title for axis in self.rows), "seeds", *(MEASURES[m] for m in self.shown)]
        rows = [
            [*self._of(place, self.rows), str(len(runs)), *(text(place, m) for m in self.shown)]
            for place, runs in self._in_rows()
        ]
        yield Grid(title, heading, rows, f"tab:grid{suffix}", note)

    def _crossed(self, title: str, suffix: str, text: Any, note: str) -> Iterator[Grid]:
        beside = list(dict.fromkeys(self._of(place, self.columns) for place in self.runs))
        below = list(dict.fromkeys(self._of(place, self.rows) for place, _ in self._in_rows()))
        places = {(self._of(place, self.rows), self._of(place, self.columns)): place for place in self.runs}
        heading = [*(axis.title for axis in self.rows), *(label(values, self.columns) for values in beside)]
        for measure in self.shown:
            rows = [[*row, *(text(places.get((row, column)), measure) for column in beside)] for row in below]
            yield Grid(f"{title}, {MEASURES[measure]}", heading, rows, f"tab:{measure}{suffix}", note)

    def _in_rows(self) -> list[tuple[Place, list[Run]]]:
        return sorted(self.runs.items(), key=lambda item: rank(self._of(item[0], self.rows), self.rows))

    def _of(self, place: Place, axes: Sequence[Axis]) -> Place:
        return tuple(place[self.axes.index(axis)] for axis in axes)

    @property
    def shown(self) -> list[str]:
        """Return the measures that a run has, all of them where none has ended."""
        found = [measure for measure in MEASURES if any(self.values(place, measure) for place in self.runs)]
        return found or list(MEASURES)

    @property
    def note(self) -> str:
        """Say what the numbers are."""
        return f"Mean over seeds ± {self.half}."

    @property
    def half(self) -> str:
        """Say what stands after ±."""
        counts = sorted({len(runs) for runs in self.runs.values()})
        n = f"n = {counts[0]}" if len(counts) == 1 else f"n = {counts[0]} to {counts[-1]}"
        return f"half the 95 % t interval, {n} seeds"

    def _mean(self, place: Place | None, measure: str) -> str:
        if place is None:
            return ""
        values, runs = self.values(place, measure), self.runs[place]
        others = Counter(run.status for run in runs if run.status != "completed")
        notes = [f"{count} {status}" for status, count in others.items()]
        text = interval_text(t_interval(list(values.values()))) if values else ""
        return " ".join([text, f"({', '.join(notes)})"] if notes and text else [text, *notes]).strip()

    def _difference(self, place: Place | None, measure: str) -> str:
        if place is None:
            return ""
        found = self.paired(place, measure)
        if found is None:
            return "baseline" if self.rival(place) == place else "–"
        fewer = f" (n = {found.n})" if found.n < len(self.runs[place]) else ""
        return interval_text(found, sign=True) + fewer

    def tidy(self) -> Iterator[dict[str, Any]]:
        """Yield one row a setting and measure, numbers in full."""
        for place, runs in self.runs.items():
            for measure in MEASURES:
                values = self.values(place, measure)
                mean, gap = t_interval(list(values.values())) if values else None, self.paired(place, measure)
                yield dict(zip((axis.title for axis in self.axes), place, strict=True)) | {
                    "measure": measure,
                    "seeds": len(values),
                    **interval_columns(mean),
                    **(interval_columns(gap, "difference_") if self.baseline else {}),
                    "status": ", ".join(f"{n} {s}" for s, n in Counter(run.status for run in runs).items()),
                }


def interval_text(interval: Interval, sign: bool = False) -> str:
    """Return e.g. `0.976 ± 0.004`."""
    text = f"{interval.mean:+.4f}" if sign else f"{interval.mean:.4f}"
    return text + (f" ± {interval.half:.4f}" if interval.half == interval.half else "")


def interval_columns(interval: Interval | None, prefix: str = "") -> dict[str, float | None]:
    """Return mean and bounds by name, None without an interval."""
    names = ("mean", "low", "high")
    return {f"{prefix}{name}": getattr(interval, name) if interval else None for name in names}
