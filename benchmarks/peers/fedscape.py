"""fedscape's side: the commands that its users type, and what their output files say about losses and times."""
import csv
import json
import os
import pathlib
import re
import statistics
import subprocess

import h5py

from workloads import Federation, Landscape, Training, Workload

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEVICE = os.environ.get("FEDSCAPE_PEERS_DEVICE", "cpu")
BINARY = os.environ.get("FEDSCAPE_PEERS_PROGRAM", "build/fedscape" if DEVICE == "cpu" else "build-cuda/fedscape")


def network(w: Workload, dropout: bool) -> list[str]:
    words = ["--network", w.network]
    for name, value in w.options.items():
        words += [f"--network.{name}", value]
    return words if dropout else [*words, "--network.dropout", "0"]


def data(folder: pathlib.Path, w: Workload) -> list[str]:
    return ["--data", "arrays", "--data-path", str(folder), "--data-classes", str(w.data.classes)]


def tuning(folder: pathlib.Path) -> pathlib.Path:
    return folder / "tuning.json"


def tune(w: Workload, folder: pathlib.Path, timeout: float) -> None:
    """On a GPU: which products of the workload's network libraries do faster, in either precision."""
    tuning(folder).unlink(missing_ok=True)
    models = 32 if isinstance(w, Landscape) else min(32, len(w.data.sizes))
    for precision in ("float32", "tf32"):
        run([BINARY, "tune", str(tuning(folder)), *data(folder, w), *network(w, False), "--precision", precision,
             "--batch", str(getattr(w, "batch", 16)), "--models", str(models)], timeout)


def note(folder: pathlib.Path) -> str:
    """How many products libraries do faster."""
    if not tuning(folder).exists():
        return ""
    products = json.loads(tuning(folder).read_text())["products"]
    return f"{sum(p['library'] for p in products)} of {len(products)} products by cuBLAS and cuDNN"


def command(w: Workload, folder: pathlib.Path, threads: int, rounds: int, dropout: bool = False,
            precision: str = "float32") -> list[str]:
    init, output = str(folder / "init.safetensors"), str(folder / "fedscape.h5")
    common = [*data(folder, w), *network(w, dropout), "--threads", str(threads), "--fresh", "--output", output]
    if DEVICE != "cpu":
        common += ["--device", DEVICE]
        if tuning(folder).exists():
            common += ["--tuning", str(tuning(folder))]
    if isinstance(w, Landscape):
        axes = [f"{-w.bound}:{w.bound}:{n}" for n in w.points]
        return [BINARY, "landscape", "sweep", init, "--x", axes[0], "--y", axes[1], "--splits", "test",
                "--direction-file", str(folder / "directions.h5"), "--precision", precision, *common]
    steps = ["--init", init, "--batch", str(w.batch), "--shuffle", "false", "--lr", str(w.lr), "--save-seconds", "3600"]
    if precision != "float32":
        common += ["--precision", precision]
    if isinstance(w, Training):
        return [BINARY, "train", "--epochs", str(rounds * w.epochs), "--momentum", str(w.momentum), *steps, *common]
    return [BINARY, "fl", "run", "--rounds", str(rounds), "--epochs", str(w.epochs), "--cohort", str(len(w.data.sizes)),
            "--partition", "user", "--local-test", "0", "--min-samples", "1", "--evaluate-every", "0", *steps, *common]


def run(words: list[str], timeout: float) -> str:
    done = subprocess.run(words, cwd=ROOT, timeout=timeout, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"exit code {done.returncode}: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    return done.stdout + done.stderr


def rows(folder: pathlib.Path) -> list[dict[str, str]]:
    with open(folder / "fedscape.csv", newline="") as file:
        return list(csv.DictReader(file))


def surface(folder: pathlib.Path, metric: str) -> dict[str, float]:
    with h5py.File(folder / "fedscape.h5") as file:
        values = file[metric][()]
    return {f"point {iy},{ix}": float(value) for iy, row in enumerate(values) for ix, value in enumerate(row)}


def landscape(w: Landscape, folder: pathlib.Path, threads: int, timeout: float, precision: str) -> tuple[dict, dict]:
    """Loss and accuracy (percent) by point."""
    run(command(w, folder, threads, 0, precision=precision), timeout)
    return surface(folder, "test_loss"), surface(folder, "test_acc")


def losses(w: Workload, folder: pathlib.Path, threads: int, timeout: float,
           precision: str = "float32") -> dict[str, float]:
    """The same names as the rivals' losses()."""
    rounds = w.check_rounds if not isinstance(w, Landscape) else 0
    run(command(w, folder, threads, rounds, precision=precision), timeout)
    if isinstance(w, Landscape):
        return surface(folder, "test_loss")
    table = rows(folder)
    rounds = {f"round {row['round']}": float(row["train_loss"]) for row in table}
    return rounds | {"test": float(table[-1]["test_loss"])}


def timed_command(w: Workload, folder: pathlib.Path, threads: int, precision: str = "float32") -> list[str]:
    rounds = 1 + w.rounds if isinstance(w, Federation) else 2
    return command(w, folder, threads, rounds, getattr(w, "dropout", False), precision)


def profile(w: Workload, folder: pathlib.Path, timeout: float) -> dict:
    """Where the time of one thread goes: the rows that --profile stores, and the peaks they are compared with."""
    run([*timed_command(w, folder, 1), "--profile"], timeout)
    with h5py.File(folder / "fedscape.h5") as file:
        group = file["profile"]
        columns = {name: group[name][()].tolist() for name in ("seconds", "flops", "bytes")}
        names = group.attrs["rows"]
        names = names.decode() if isinstance(names, bytes) else names
        return {"peak_flops": float(group.attrs["peak_flops"]), "peak_bytes": float(group.attrs["peak_bytes"]),
                "rows": [{"name": name} | {column: values[i] for column, values in columns.items()}
                         for i, name in enumerate(names.splitlines())]}


def measure(w: Workload, folder: pathlib.Path, threads: int, timeout: float, precision: str = "float32") -> float:
    """Seconds a unit: of a sweep per point, else per round after a first one that is left out."""
    said = run(timed_command(w, folder, threads, precision), timeout)
    if isinstance(w, Landscape):
        if found := re.search(r"\(([0-9.e+-]+) s a point\)", said):
            return float(found.group(1))
        raise RuntimeError("no time of a point in what the sweep says")
    return statistics.fmean(float(row["seconds"]) for row in rows(folder)[1:])
