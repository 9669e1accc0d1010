"""Measures what the memories of many stateful clients cost, by budget of RAM, and writes a table. Called by
benchmarks/client_memory.sh."""
import argparse
import os
import pathlib
import re
import statistics
import tempfile
import textwrap
import time
from dataclasses import dataclass

import runs
from reporting import commit, machine, slug, table, time_of

HIDDEN = 1333
PARAMETERS = 65 * HIDDEN + (HIDDEN + 1) * 10
WORDS = ["fl", "run", "--data", "gaussian", "--features", "64", "--train-samples", "200000", "--test-samples", "10",
         "--partition", "iid", "--clients", "100000", "--samples-per-client", "2", "--min-samples", "1", "--local-test",
         "0", "--network", "mlp", "--network.hidden", str(HIDDEN), "--batch", "2", "--local-steps", "4",
         "--evaluate-every", "0", "--weight-statistics", "false", "--save-seconds", "10", "--threads", "1"]
UNITS = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}

HOW = """\
{ranks} ranks of one thread each; 100,000 clients of 2 samples, 4 local steps of a model of {parameters:,} parameters
(an MLP), of which each client
remembers as many floats ({bytes:.0f} kB). {rounds} rounds of {cohort} clients; the run file is saved
every 10 s, the memories before it. A round: median; wall: all rounds with saves, divided by their number. Hits: loads
served from RAM, most of them read ahead where the budget is small, those of clients that never took part included. Read
and written: of rank 0, in the time of the rounds. Memory: what the largest rank held at most, data included. Then the
finished run is opened again with the file in the kernel's cache, and once more after its pages were dropped: what
checking the file adds to the start of a run without state."""


@dataclass
class Case:
    name: str
    words: list[str]


@dataclass
class Result:
    case: Case
    round: float
    wall: float
    hits: str
    read: float
    written: float
    disk: float
    memory: float
    start_warm: float
    start_cold: float


def cases(options) -> list[Case]:
    stateful = [Case(f"SCAFFOLD, {'the file alone' if budget == '0' else budget + ' a rank'}",
                     ["--algorithm", "scaffold", "--memory-budget", budget]) for budget in options.budgets.split(",")]
    return [Case("FedAvg, no memories", []), *stateful]


def amount(text: str) -> float:
    value, unit = text.split()
    return float(value) * UNITS[unit]


def drop_pages(path: pathlib.Path) -> None:
    """Out of the kernel's cache."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def seconds_of(log: str) -> float:
    """Of all rounds, saves included, as the run says at its end."""
    text = re.search(r"finished after round \d+ of \d+, ([\d.:]+)", log)[1]
    return sum(float(part) * 60**i for i, part in enumerate(reversed(text.split(":"))))


def reopened(options, words: list[str]) -> float:
    begin = time.monotonic()
    runs.launch(options.ranks, words, timeout=1800)
    return time.monotonic() - begin


def measure(case: Case, options) -> Result:
    output = options.folder / "run.h5"
    clients = output.with_name("run.h5.clients")
    words = [*WORDS, *case.words, "--cohort", str(options.cohort), "--rounds", str(options.rounds), "--output",
             str(output)]
    log = runs.launch(options.ranks, [*words, "--fresh"], timeout=3600)
    rounds, wall = runs.rounds(output), seconds_of(log)
    traffic = re.search(r"client memory of rank 0: (\d+) loads, (\d+) of them from RAM, (.+) read, (.+) written", log)
    warm = reopened(options, words)
    if clients.exists():
        drop_pages(clients)
    cold = reopened(options, words)
    result = Result(case, statistics.median(r["seconds"] for r in rounds), wall / len(rounds),
                    f"{100 * int(traffic[2]) / int(traffic[1]):.0f} %" if traffic else "-",
                    amount(traffic[3]) / wall if traffic else 0, amount(traffic[4]) / wall if traffic else 0,
                    512 * clients.stat().st_blocks if clients.exists() else 0, runs.peak_memory(output), warm, cold)
    for file in options.folder.glob("run.*"):
        file.unlink()
    print(f"{case.name}: {time_of(result.round)} a round, {result.memory / 1e6:.0f} MB a rank", flush=True)
    return result


def rows(results: list[Result]) -> list[list[str]]:
    base = results[0]
    return [[r.case.name, time_of(r.round), time_of(r.wall), r.hits, f"{r.read / 1e6:.0f} MB/s",
             f"{r.written / 1e6:.0f} MB/s", f"{r.disk / 1e9:.1f} GB", f"{r.memory / 1e6:.0f} MB",
             time_of(max(0.0, r.start_warm - base.start_warm)), time_of(max(0.0, r.start_cold - base.start_cold))]
            for r in results]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budgets", default="20G,200M,20M,0")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--cohort", type=int, default=1000)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--folder", type=pathlib.Path, help="where the runs write; default: a temporary one")
    parser.add_argument("--results", type=pathlib.Path, default=runs.ROOT / "benchmarks/results")
    return parser.parse_args()


def main() -> None:
    options, begin = arguments(), time.monotonic()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        options.folder = pathlib.Path(folder)
        results = [measure(case, options) for case in cases(options)]
    options.results.mkdir(parents=True, exist_ok=True)
    path = options.results / f"{slug()}-client-memory.md"
    command = (f"bash benchmarks/client_memory.sh --budgets {options.budgets} --rounds {options.rounds} "
               f"--cohort {options.cohort}")
    how = HOW.format(ranks=options.ranks, parameters=PARAMETERS, bytes=4 * PARAMETERS / 1e3, rounds=options.rounds,
                     cohort=options.cohort)
    lines = [f"# Client memory on {machine()}", "", f"    {command}", "",
             textwrap.fill(f"At {commit()}, {(time.monotonic() - begin) / 60:.0f} minutes. {how}", 120), "",
             *table(["memories", "a round", "wall", "hits", "read", "written", "on disk", "memory of a rank",
                     "reopening, warm", "cold"], rows(results))]
    path.write_text("\n".join(lines))
    print(path)


if __name__ == "__main__":
    main()
