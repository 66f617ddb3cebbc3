"""All that needs a GPU, in one command, within its minutes, on a bare machine without a network.

    python -m benchmarks.gpu_day carry carried      # where there is a network: what to take along
    python -m benchmarks.gpu_day run carried        # on the GPU's machine, in the root of this repository

`carry` fills a folder with the packages that such a machine lacks (it has torch, torchvision, torchmetrics,
Lightning and what these need) and with MNIST and Fashion-MNIST. `run` takes in this order, each with a limit:

correct   float64 on the CPU against the GPU, the graph against steps as written, a cell against its record
convnet, lenet_pp, loading   P1, P2 and P5
cells     the paper's grid in bf16, seed by seed, until the deadline (`--minutes`); the first seed is P3

Each record is packed into <out>/records/<cell>.tar.xz as soon as it is there: results.json, metrics.csv,
measured.npz, run.log, .hydra/ and the last snapshot. At home these are unpacked into one folder, and
`python -m experiments.convert_records docs/results/paper_grid/runs FOLDER --commit …` takes them in. Where
the graph is wrong, or fails, the cells run without it. Only Python's own library is imported here: what was
carried, the parts alone need.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

PACKAGES = (
    "hydra-core", "omegaconf", "antlr4-python3-runtime", "hydra-joblib-launcher", "jaxtyping",
    "wadler-lindig", "lazy-loader", "nvidia-ml-py",
)  # fmt: skip
DATA = ("MNIST/raw", "FashionMNIST/raw")
GRID = (  # the seeds, named before these, vary slowest
    "model.embedding_dim=2,4", "data=mnist,fashion_mnist", "model.normalize=false,true",
    "loss.lambda=0,0.05,0.5,1.0",
)  # fmt: skip
CELLS = 32  # of a seed
KEPT = ("results.json", "metrics.csv", "measured.npz", "run.log", ".hydra")
PARTS = {  # seconds at most
    "correct": (150, ["benchmarks.gpu", "--parts", "correct", "captured", "record"]),
    "convnet": (60, ["benchmarks.steps", "--rounds", "1", "--steps", "200", "model=convnet"]),
    "lenet_pp": (60, ["benchmarks.steps", "--rounds", "1", "--steps", "200", "model=lenet_pp"]),
    "loading": (45, ["benchmarks.loading", "--rounds", "1"]),
}
STOP_TIME = 15.0  # seconds before the deadline in which running cells are stopped


def carry(folder: Path, data: Path, record: Path | None) -> None:
    """Fill `folder` with packages, of the versions here, data, and the record of a cell to compare with."""
    wanted = [f"{name}=={version(name)}" for name in PACKAGES]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder / "site")]
    subprocess.run([*pip, *wanted], check=True)
    for part in DATA:
        shutil.copytree(data / part, folder / "data" / part, dirs_exist_ok=True)
    if record:
        shutil.copy(record, folder / "record.json")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"carried: {folder}, {size / 1e6:.0f} MB")


class Day:
    """The parts of a day, within its deadline.

    Args:
        carried: what `carry` filled.
        out: where logs, measures and records go.
        minutes: of the whole day.
    """

    def __init__(self, carried: Path, out: Path, minutes: float) -> None:
        self.started, self.deadline = time.monotonic(), time.monotonic() + 60 * minutes
        self.out = out
        (out / "records").mkdir(parents=True, exist_ok=True)
        paths = (str(Path.cwd()), str(carried / "site"), os.environ.get("PYTHONPATH", ""))
        self.environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, paths)), "ICV_DATA": str(carried / "data"),
        }  # fmt: skip
        self.told: dict[str, object] = {}

    def tell(self, key: str, value: object) -> None:
        """Print a fact, and write all of them to summary.json."""
        print(f"{time.monotonic() - self.started:6.0f} s  {key}: {value}", flush=True)
        self.told[key] = value
        (self.out / "summary.json").write_text(json.dumps(self.told, indent=2) + "\n")

    def start(self, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a command of this project; what it says goes to <out>/<name>.log."""
        with (self.out / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *command], env=self.environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def part(self, name: str, limit: float, command: Sequence[str]) -> bool:
        """Run a part to its end or limit; tell how it went, and whether well."""
        before, process = time.monotonic(), self.start(name, command)
        try:
            status: int | str = process.wait(max(1.0, min(limit, self.deadline - before)))
        except subprocess.TimeoutExpired:
            status = f"stopped after {limit:.0f} s"
            end(process)
        self.tell(name, {"status": status, "seconds": round(time.monotonic() - before, 1)})
        return status == 0

    def cells(self, seeds: str, overrides: Sequence[str]) -> None:
        """Run the grid, seed by seed, until the deadline; pack each record as it comes."""
        folder, before = self.out / "runs", time.monotonic()
        fixed = ["-m", "experiment=paper_grid", "trainer=fast", "hydra/launcher=joblib", f"seed={seeds}"]
        given = {override.partition("=")[0] for override in overrides}
        grid = [override for override in GRID if override.partition("=")[0] not in given]
        places = [f"paths.outputs={folder}", "name=paper_grid"]
        command = ["icv_lightning.run", *fixed, *grid, *places, *overrides]
        process = self.start("cells", command)
        packed = 0
        while process.poll() is None and time.monotonic() < self.deadline - STOP_TIME:
            time.sleep(1.0)
            if (now := self.pack(folder)) != packed:
                packed = now
                self.tell("cells", {"packed": packed, "seconds": round(time.monotonic() - before, 1)})
                if packed >= CELLS and "P3" not in self.told:
                    self.tell("P3", round(time.monotonic() - before, 1))
        end(process)
        self.tell("cells", {"packed": self.pack(folder), "seconds": round(time.monotonic() - before, 1)})

    def pack(self, folder: Path) -> int:
        """Pack records that are not packed yet; return how many are."""
        for results in folder.glob("*/*/results.json"):
            target = self.out / "records" / f"{results.parent.name}.tar.xz"
            if not target.exists() and json.loads(results.read_text()).get("status") == "completed":
                pack(results.parent, target)
        return len(list((self.out / "records").glob("*.tar.xz")))


def pack(run: Path, target: Path) -> None:
    """Pack what a record needs of a run's folder, whole or not at all."""
    half = target.with_suffix(".part")
    with tarfile.open(half, "w:xz", preset=1) as archive:
        for path in (*(run / name for name in KEPT), *sorted((run / "embeddings").glob("*.npz"))[-1:]):
            if path.exists():
                archive.add(path, path.relative_to(run.parent))
    half.rename(target)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a command as Ctrl-C does, and then with all that it started."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_TIME / 2)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("carry", "run"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("ICV_DATA", "data")))
    parser.add_argument("--record", type=Path, help="results.json of a cell to train again and compare")
    parser.add_argument("--minutes", type=float, default=14.0)
    parser.add_argument("--seeds", default="1,2,3,4,5,6,7,8,9,10")
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("OUT", "outputs/gpu_day")))
    parser.add_argument(
        "--cells", nargs="*", default=[], metavar="key=value", help="more overrides of the cells"
    )
    given = parser.parse_args()
    if given.what == "carry":
        carry(given.folder, given.data, given.record)
        return
    day = Day(given.folder.absolute(), given.out.absolute(), given.minutes)
    record = given.folder.absolute() / "record.json"
    PARTS["correct"][1].extend(["--record", str(record)] if record.exists() else [])
    well = {name: day.part(name, *PARTS[name]) for name in given.parts}
    graph = [] if well.get("correct", True) else ["trainer.graph=off"]
    day.cells(given.seeds, [*graph, *given.cells])
    if (measures := Path("outputs/benchmarks")).is_dir():
        shutil.copytree(measures, day.out / "benchmarks", dirs_exist_ok=True)


if __name__ == "__main__":
    main()
