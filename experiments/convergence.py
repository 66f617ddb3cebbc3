"""The command `python -m experiments.convergence`: tune the three centroid rules alike, then judge them.

Every rule has four values of its one setting (α of equations 7 and 8, the learning rate of learned
centroids), tried on a validation part with a seed that judges nothing; the best mean accuracy by nearest
class mean over the epochs of tuning wins. The winners, and learned centroids with the network's own
learning rate as published, then run on other seeds. Completed cells are not run again, so the command goes
on where it stopped.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from icv_lightning.errors import UserError
from icv_lightning.terminal import exit_status

RULES = {
    "learned": ("optimizer.centroid_lr", (0.003, 0.01, 0.03, 0.1)),
    "batch_mean": ("centroids.layer.alpha", (0.05, 0.15, 0.5, 1.0)),
    "one_by_one": ("centroids.layer.alpha", (0.002, 0.006, 0.03, 0.1)),
}
TUNING_SEED = 100


def main() -> None:
    """Tune, judge, write; exit with 0, 1 (a run failed), 2 (a wrong argument) or 130 (stopped)."""
    parser = argparse.ArgumentParser(prog="python -m experiments.convergence", description=__doc__)
    parser.add_argument("--outputs", default="outputs", help="as paths.outputs")
    parser.add_argument("--seeds", default="0,1,2", help="that judge")
    parser.add_argument("--val-size", type=int, default=5000, help="images of train to tune on")
    parser.add_argument("--tuning-epochs", type=int, default=5, help="of each tried value")
    parser.add_argument("overrides", nargs="*", help="of every run, e.g. trainer.precision=bf16-mixed")
    exit_status.run(parser, _compare)


def _compare(arguments: argparse.Namespace) -> int:
    tuning = [f"data.val_size={arguments.val_size}", f"trainer.max_epochs={arguments.tuning_epochs}"]
    compare(Path(arguments.outputs), arguments.seeds, arguments.overrides, tuning)
    return 0


def compare(outputs: Path, seeds: str, overrides: Sequence[str], tuning_overrides: Sequence[str]) -> None:
    """Run what is not done yet below `outputs`, and write the comparison into `outputs/convergence`.

    Args:
        outputs: as `paths.outputs`.
        seeds: those that judge, separated by commas.
        overrides: of every run.
        tuning_overrides: of the tuning runs alone; they need `data.val_size`.

    Raises:
        UserError: a run failed.
    """
    from experiments.convergence_evidence import write_convergence

    tuning, judging = outputs / "convergence_tuning", outputs / "convergence"
    for rule, (key, values) in RULES.items():
        swept = f"{key}={','.join(map(str, values))}"
        own = [f"name={tuning.name}", f"centroids={rule}", swept, f"seed={TUNING_SEED}"]
        _run(outputs, [*overrides, *own, *tuning_overrides])
    chosen = choose(tuning)
    for rule, (key, _) in RULES.items():
        _run(outputs, [f"centroids={rule}", f"{key}={chosen[rule]:g}", f"seed={seeds}", *overrides])
    _run(outputs, ["centroids=learned", f"seed={seeds}", *overrides])
    write_convergence(judging)
    print(f"chosen: {chosen}; {judging}: by_epoch.csv, convergence.png, evidence.json")


def choose(tuning: Path) -> dict[str, float]:
    """Return the best value of each rule's setting.

    Raises:
        UserError: a rule without a completed run.
    """
    from icv_lightning.records.runs import read_runs

    means: dict[str, dict[float, float]] = {rule: {} for rule in RULES}
    for run in read_runs([tuning]):
        rule, column = str(run.config["centroids"]["name"]), "val/acc_nearest_class_mean"
        value = run.config["centroids"]["layer"].get("alpha") or run.config["optimizer"]["centroid_lr"]
        if run.status == "completed" and column in run.curves:
            means[rule][value] = float(run.curves[column].mean())
    if missing := [rule for rule, found in means.items() if not found]:
        raise UserError(f"{tuning}: no completed run of {', '.join(missing)}")
    return {rule: max(found, key=lambda value: found[value]) for rule, found in means.items()}


def _run(outputs: Path, overrides: Sequence[str]) -> None:
    command = ["-m", "icv_lightning.run", "-m", "experiment=convergence", f"paths.outputs={outputs}"]
    if subprocess.run([sys.executable, *command, *overrides], check=False).returncode:
        raise UserError(f"{' '.join(overrides)}: a run failed, see above")


if __name__ == "__main__":
    main()
