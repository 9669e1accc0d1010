"""Measures how fedscape scales with the number of ranks, fits the model of model.py and writes the report. Called by
benchmarks/scaling.sh."""
import argparse
import os
import pathlib
import statistics
import time
from dataclasses import dataclass, field

import report
import runs
from works import MODEL, WIRES, WORKS, Federation, Sweep


@dataclass
class Run:
    """One run of some work, as its output tells it."""
    ranks: int
    profile: runs.Profile
    rounds: list[dict[str, float]] = field(default_factory=list)
    points: int = 0

    @property
    def seconds(self) -> float:
        """Of a round, the first left out, or of a whole sweep."""
        return statistics.median(r["seconds"] for r in self.rounds[1:]) if self.rounds else self.profile.wall

    @property
    def rate(self) -> float:
        """Local steps or points a second."""
        return (self.rounds[0]["steps"] if self.rounds else self.points) / self.seconds

    def each_round(self, *phases: str, kind: str | None = None) -> float:
        """Seconds of these phases in a typical round, all ranks together but for what each of them does alike."""
        alike = self.ranks if kind in ("server", "planning") else 1
        typical = self.seconds / statistics.fmean(r["seconds"] for r in self.rounds)
        return typical * self.profile.seconds(*phases, kind=kind) / (alike * len(self.rounds))

    @property
    def payload(self) -> float:
        """Bytes of the collective of a round."""
        (row,) = self.profile.find("communication", kind="sum")
        return row.bytes / row.calls

    @property
    def collective(self) -> float:
        """Its seconds, once all ranks are there."""
        (row,) = self.profile.find("communication", kind="sum")
        return row.seconds / row.calls


def run(work, ranks: int, folder: pathlib.Path) -> Run:
    output = folder / "run.h5"
    runs.launch(ranks, work.words(ranks, output))
    if isinstance(work, Sweep):
        return Run(ranks, runs.Profile(output), points=work.points_on(ranks))
    return Run(ranks, runs.Profile(output), runs.rounds(output))


def make_model(folder: pathlib.Path) -> None:
    first = WORKS[0]
    runs.launch(1, [*first.words(1, folder / MODEL), "--rounds", "1"])


def measure(works: tuple, ranks: list[int], repeats: int, folder: pathlib.Path) -> dict[tuple[str, int], list[Run]]:
    """`repeats` runs of each work on each number of ranks, all of them in turn, so that what else the machine does
    meets all alike."""
    found: dict[tuple[str, int], list[Run]] = {(work.key, r): [] for work in works for r in ranks}
    for i in range(repeats):
        for work in works:
            for r in ranks:
                done = run(work, r, folder)
                found[work.key, r].append(done)
                print(f"{i + 1}/{repeats} {work.key} on {r}: {done.seconds:.4f} s, {done.rate:.4g} a second",
                      flush=True)
    return found


def default_ranks() -> list[int]:
    """1, 2, 4, ... and all cores, or tasks of a Slurm allocation."""
    most = int(os.environ.get("SLURM_NTASKS", os.cpu_count() or 1))
    return sorted({most, *(2 ** i for i in range(most.bit_length()) if 2 ** i <= most)})


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scaling.sh", description=__doc__.splitlines()[0])
    parser.add_argument("--ranks", type=lambda text: [int(r) for r in text.split(",")], default=default_ranks(),
                        help="numbers of ranks, 1 among them; default: %(default)s")
    parser.add_argument("--repeats", type=int, default=5, help="of every measurement; default: %(default)s")
    parser.add_argument("--works", default=",".join(work.key for work in WORKS), help="default: %(default)s")
    parser.add_argument("--folder", type=pathlib.Path, default=runs.ROOT / "out/scaling",
                        help="for outputs of the runs; all nodes must see it")
    parser.add_argument("--results", type=pathlib.Path, default=runs.ROOT / "benchmarks/results",
                        help="folder of the report")
    options = parser.parse_args()
    options.folder = options.folder.resolve()
    unknown = set(options.works.split(",")) - {work.key for work in WORKS}
    if unknown or 1 not in options.ranks or min(options.ranks) < 1 or options.repeats < 1:
        parser.error(f"unknown works {', '.join(sorted(unknown))}" if unknown else
                     "repeats and numbers of ranks of 1 or more were expected, 1 among the latter")
    return options


def main() -> None:
    options = arguments()
    begin = time.monotonic()
    options.folder.mkdir(parents=True, exist_ok=True)
    works = tuple(work for work in WORKS if work.key in options.works.split(","))
    make_model(options.folder)
    found = measure(works, sorted(options.ranks), options.repeats, options.folder)
    most = max(options.ranks)
    wires = [run(wire, most, options.folder) for _ in range(options.repeats) for wire in WIRES] if most > 1 else []
    steps = {(work.key, r): [work.steps_of(n) for n in work.sizes(r, options.folder)]
             for work in works if isinstance(work, Federation) for r in options.ranks}
    path = report.write(options, works, found, wires, steps, time.monotonic() - begin)
    print(path.read_text())


if __name__ == "__main__":
    main()
