"""Measures how the time of a round and the memory of a rank grow with clients, cohort, parameters and ranks, and writes
a table and a plot. Called by benchmarks/growth.sh."""
import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import time
from dataclasses import dataclass
from typing import Callable

import runs
from reporting import commit, machine, slug, table, time_of

FEW = ["--data", "gaussian", "--features", "64", "--train-samples", "100000", "--test-samples", "10", "--partition",
       "iid", "--samples-per-client", "10", "--local-test", "0"]
INDEX = ["--data", "gaussian", "--features", "1", "--train-samples", "2000000", "--test-samples", "10", "--min-samples",
         "1", "--local-test", "0"]


def hidden(width: int) -> list[str]:
    return ["--network", "mlp", "--network.hidden", f"{width},{width}"]


def mlp_parameters(width: int, features: int = 64, classes: int = 10) -> int:
    return (features + 1) * width + (width + 1) * width + (width + 1) * classes


@dataclass(frozen=True)
class Axis:
    """One number that grows while all else stays."""
    key: str
    title: str
    values: tuple[int, ...]
    words: Callable[[int], list[str]]
    rounds: Callable[[int], int] = lambda value: 40
    shown: Callable[[int], int] = lambda value: value  # on the axis
    ranks: Callable[[int, int], int] = lambda value, cores: cores


AXES = (
    Axis("clients", "clients (2 of 2,000,000 samples each)", (100, 1000, 10_000, 100_000, 1_000_000),
         lambda k: [*INDEX, "--partition", "iid", "--samples-per-client", "2", "--clients", str(k), "--cohort", "50",
                    *hidden(64), "--batch", "2", "--local-steps", "5"]),
    Axis("clients-dirichlet", "clients (all 2,000,000 samples dealt, Dirichlet 0.5)",
         (100, 1000, 10_000, 100_000, 1_000_000),
         lambda k: [*INDEX, "--partition", "dirichlet", "--clients", str(k), "--cohort", "50", *hidden(64), "--batch",
                    "2", "--local-steps", "5"]),
    Axis("cohort", "cohort (of 10,000 clients)", (10, 100, 1000, 10_000),
         lambda n: [*FEW, "--clients", "10000", "--cohort", str(n), *hidden(64), "--batch", "10"],
         rounds=lambda n: max(6, min(40, 20_000 // n))),
    Axis("parameters", "parameters (MLP, 4 clients a round)", (32, 128, 512, 2048, 4096),
         lambda w: [*FEW, "--clients", "1000", "--cohort", "4", *hidden(w), "--batch", "10"],
         rounds=lambda w: 10, shown=mlp_parameters),
    Axis("ranks", "ranks (48 clients a round)", (1, 2, 4, 8),
         lambda r: [*FEW, "--clients", "1000", "--cohort", "48", *hidden(256), "--batch", "10"],
         ranks=lambda r, cores: r),
)

HOW = """\
One thread a rank, {ranks} ranks but where ranks grow. Medians of {repeats} runs, all points in turn. A round: median of
a run's rounds after the first two. Memory: what the largest rank held at most, data shared by a node counted in each
rank, by `peak_memory` in the run file. The rest: start (generating and dealing the data) and end of a run. Exponent: of
the growth between this line and the one above, d ln y / d ln x: 0 does not grow, 1 grows in proportion. Clients are
lists of samples; within an axis the data set is the same. {crowded}"""


@dataclass
class Point:
    """What one value of an axis costs; medians over repeats."""
    axis: Axis
    value: int
    ranks: int
    words: list[str]
    round: list[float]
    memory: list[float]
    rest: list[float]

    @property
    def x(self) -> int:
        return self.axis.shown(self.value)

    def measure(self, folder: pathlib.Path) -> None:
        output, begin = folder / "run.h5", time.monotonic()
        runs.launch(self.ranks, [*self.words, "--output", str(output)])
        wall, rounds = time.monotonic() - begin, runs.rounds(output)
        self.round.append(statistics.median(r["seconds"] for r in rounds[2:]))
        self.memory.append(runs.peak_memory(output))
        self.rest.append(wall - sum(r["seconds"] for r in rounds))


def point(axis: Axis, value: int, cores: int) -> Point:
    words = ["fl", "run", *axis.words(value), "--rounds", str(axis.rounds(value)), "--evaluate-every", "0",
             "--save-seconds", "3600", "--threads", "1", "--fresh"]
    return Point(axis, value, axis.ranks(value, cores), words, [], [], [])


def exponents(points: list[Point], what: str) -> list[str]:
    shown = ["-"]
    for before, after in zip(points, points[1:]):
        ratio = statistics.median(getattr(after, what)) / statistics.median(getattr(before, what))
        shown.append(f"{math.log(ratio) / math.log(after.x / before.x):.2f}")
    return shown


def section(points: list[Point], folder: pathlib.Path) -> list[str]:
    rows = [[f"{p.x:,}", time_of(statistics.median(p.round)),
             f"{statistics.median(p.memory) / 1e6:.0f} MB", time_of(statistics.median(p.rest)), grown, held]
            for p, grown, held in zip(points, exponents(points, "round"), exponents(points, "memory"))]
    axis, last = points[0].axis, points[-1]
    return [f"## {axis.title}", "", f"    {runs.shown(last.ranks, [*last.words, '--output', 'run.h5'], folder)}", "",
            *table([axis.key, "a round", "memory of a rank", "the rest", "exponent, round",
                    "exponent, memory"], rows)]


def plot(by_axis: dict[str, list[Point]], png: pathlib.Path) -> None:
    script = [f"set terminal pngcairo size {320 * len(by_axis)},620 font 'DejaVu Sans,9'", f"set output '{png}'",
              f"set multiplot layout 2,{len(by_axis)}", "set logscale xy", "set grid", "unset key",
              "set format x '10^{%T}'"]
    for what, label, scale in (("round", "a round, ms", 1e3), ("memory", "memory of a rank, MB", 1e-6)):
        for key, points in by_axis.items():
            values = [scale * statistics.median(getattr(p, what)) for p in points]
            script += ["$d << EOD", *(f"{p.x} {value}" for p, value in zip(points, values)), "EOD",
                       f"set xlabel '{key}'", f"set ylabel '{label}'",
                       f"set yrange [{0.3 * min(values)}:{3 * max(values)}]",
                       "plot $d using 1:2 with linespoints lw 2 pt 7"]
    subprocess.run(["gnuplot", "-"], input="\n".join(script) + "\n", text=True, check=True)


def write(options, points: list[Point], cores: int, seconds: float) -> pathlib.Path:
    options.results.mkdir(parents=True, exist_ok=True)
    path = options.results / f"{slug()}-growth.md"
    by_axis = {axis.key: [p for p in points if p.axis is axis] for axis in AXES if axis.key in options.axes.split(",")}
    crowded = "" if all(p.ranks <= cores for p in points) else (
        f"More than {cores} ranks share the {cores} cores: there only memory tells.")
    command = f"bash benchmarks/growth.sh --repeats {options.repeats}"
    lines = [f"# Growth on {machine()}", "", f"    {command}", "",
             f"At {commit()}, {seconds / 60:.0f} minutes. "
             + HOW.format(ranks=cores, repeats=options.repeats, crowded=crowded), "",
             f"![Growth]({path.with_suffix('.png').name})", ""]
    for some in by_axis.values():
        lines += section(some, options.folder)
    plot(by_axis, path.with_suffix(".png"))
    path.write_text("\n".join(lines).rstrip() + "\n")
    raw = {"machine": machine(), "commit": commit(), "command": command, "points": [
        {"axis": p.axis.key, "x": p.x, "ranks": p.ranks, "round": p.round, "memory": p.memory, "rest": p.rest}
        for p in points]}
    path.with_suffix(".json").write_text(json.dumps(raw, indent=1) + "\n")
    return path


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="growth.sh", description=__doc__.splitlines()[0])
    parser.add_argument("--axes", default=",".join(axis.key for axis in AXES), help="default: %(default)s")
    parser.add_argument("--repeats", type=int, default=3, help="of every measurement; default: %(default)s")
    parser.add_argument("--folder", type=pathlib.Path, default=runs.ROOT / "out/growth", help="for outputs of the runs")
    parser.add_argument("--results", type=pathlib.Path, default=runs.ROOT / "benchmarks/results",
                        help="folder of the table and the plot")
    options = parser.parse_args()
    options.folder = options.folder.resolve()
    unknown = set(options.axes.split(",")) - {axis.key for axis in AXES}
    if unknown or options.repeats < 1:
        parser.error(f"unknown axes {', '.join(sorted(unknown))}" if unknown else "1 repeat or more was expected")
    return options


def main() -> None:
    options = arguments()
    begin, cores = time.monotonic(), os.cpu_count() or 1
    options.folder.mkdir(parents=True, exist_ok=True)
    points = [point(axis, value, cores) for axis in AXES if axis.key in options.axes.split(",")
              for value in axis.values]
    for i in range(options.repeats):
        for p in points:
            p.measure(options.folder)
            print(f"{i + 1}/{options.repeats} {p.axis.key} {p.x}: {1e3 * p.round[-1]:.3f} ms, "
                  f"{p.memory[-1] / 1e6:.0f} MB, {p.rest[-1]:.2f} s", flush=True)
    print(write(options, points, cores, time.monotonic() - begin).read_text())


if __name__ == "__main__":
    main()
