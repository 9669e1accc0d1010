"""Runs workloads in fedscape and in its rivals, alternating, checks that both compute the same, and writes the table.

Called by run.sh, which sets up what it needs."""
import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import select
import signal
import statistics
import subprocess
import sys

import aggregation
import fedscape
import report
from workloads import WORKLOADS, Landscape, Workload, find, known, near

HERE = pathlib.Path(__file__).resolve().parent
TOLERANCE = 1e-3  # relative difference of losses: float32 in another order of summation, through some steps of SGD
TOLERANCE_LANDSCAPE = 1e-4
HIGHEST_LOSS = 10  # of points at which surfaces in reduced precision are compared with float32


class RivalProcess:
    """A process of rival.py; a failure or a timeout of it is an exception that says why."""

    def __init__(self, name: str, key: str, threads: int, folder: pathlib.Path, full: bool):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
        environment |= {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads), "RAY_DEDUP_LOGS": "0"}
        self.log = open(folder / f"{name}-{threads}.log", "w")
        words = [sys.executable, "-B", "rival.py", name, key, str(threads), str(folder), *(["full"] if full else [])]
        self.process = subprocess.Popen(words, cwd=HERE, env=environment, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.log, text=True, start_new_session=True)

    def read(self, timeout: float) -> dict:
        if not select.select([self.process.stdout], [], [], timeout)[0]:
            raise RuntimeError(f"no answer within {timeout:.0f} s")
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": f"ended with exit code {self.process.wait()}"}
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def ask(self, what: str, timeout: float):
        print(what, file=self.process.stdin, flush=True)
        return self.read(timeout)["result"]

    def stop(self) -> None:
        """Ends it, kindly where it waits for a question, and what it started: its process group."""
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self.process.stdin.close()
            self.process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()


def difference(ours: dict[str, float], theirs: dict[str, float]) -> float:
    """Largest relative difference among the losses that both report."""
    if not ours:
        raise ValueError("nothing to compare its losses with")
    return max(abs(ours[k] - v) / max(abs(v), 1e-9) for k, v in theirs.items())


@dataclasses.dataclass
class Line:
    """One contestant on one workload with so many threads."""
    name: str
    note: str = ""
    difference: float | None = None
    seconds: list[float] = dataclasses.field(default_factory=list)
    failure: str = ""
    precision: str = "float32"
    accuracy: float | None = None  # reduced precision: largest difference to that of float32, in points

    def median(self) -> float | None:
        return statistics.median(self.seconds) if self.seconds and not self.failure else None


def prepare(w: Workload, folder: pathlib.Path, timeout: float) -> None:
    done = subprocess.run([sys.executable, "-B", "rival.py", "prepare", w.key, "1", str(folder)], cwd=HERE,
                          timeout=timeout, capture_output=True, text=True)
    if not (folder / "ready").exists():
        raise RuntimeError(f"inputs of {w.key}: {done.stderr.strip().splitlines()[-1:]}")


def start_rivals(w: Workload, threads: int, folder: pathlib.Path, options) -> list[tuple[Line, RivalProcess]]:
    """One after the other, so that none is disturbed while it chooses its fastest way."""
    started = []
    for name in w.rivals if fedscape.DEVICE == "cpu" else w.rivals_on_cuda:
        if name == "pytorch_processes" and threads == 1:
            continue
        line = Line(name, precision=next((p for p in ("bf16", "tf32") if name.endswith(p)), "float32"))
        process = RivalProcess(name, w.key, threads, folder, options.full)
        try:
            line.note = process.read(options.timeout)["ready"]
        except RuntimeError as error:
            line.failure = str(error)
            process.stop()
        print(f"  {name}: {line.failure or line.note}", flush=True)
        started.append((line, process))
    return started


def attempt(line: Line, action, process: RivalProcess | None = None) -> None:
    """Runs the action unless the line has failed; a failure is the line's, not the benchmark's, and ends its process,
    which otherwise might go on computing beside the others."""
    if line.failure:
        return
    try:
        action()
    except (RuntimeError, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
        line.failure = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        print(f"  {line.name} failed: {line.failure}", flush=True)
        if process:
            process.stop()


def check(line: Line, process: RivalProcess, ours: dict[str, float], tolerance: float, timeout: float) -> None:
    line.difference = difference(ours, process.ask("losses", timeout))
    if not line.difference <= tolerance:
        raise ValueError(f"{report.DIFFERENT} by {line.difference:.1e} (relative), tolerance {tolerance:.0e}")


def compare_surfaces(line: Line, process: RivalProcess | None, float32: tuple[dict, dict], w: Landscape,
                     threads: int, folder: pathlib.Path, timeout: float) -> None:
    """What reduced precision does to the surface. Nothing is refused here: the table says what it costs."""
    losses, accuracies = float32
    if process:
        loss, accuracy = process.ask("near", timeout), {}
    else:
        loss, accuracy = fedscape.landscape(near(w), folder, threads, timeout, line.precision)
    points = [point for point, value in losses.items() if value < HIGHEST_LOSS]
    line.difference = max((abs(loss[p] / losses[p] - 1) for p in points), default=None)
    line.accuracy = max((abs(accuracy[p] - accuracies[p]) for p in points if p in accuracy), default=None)


def compare_losses(line: Line, process: RivalProcess | None, float32: dict[str, float], w: Workload, threads: int,
                   folder: pathlib.Path, timeout: float) -> None:
    """What training in reduced precision does to the losses; nothing is refused."""
    reduced = process.ask("losses", timeout) if process else fedscape.losses(w, folder, threads, timeout, line.precision)
    line.difference = difference(float32, reduced)


def compete(w: Workload, threads: int, folder: pathlib.Path, options) -> list[Line]:
    tolerance, timeout = TOLERANCE_LANDSCAPE if isinstance(w, Landscape) else TOLERANCE, options.timeout
    own, ours = Line("fedscape", note=fedscape.note(folder)), {}
    reduced = [Line(f"fedscape in {p}", precision=p)
               for p in (*w.precisions, *(["tf32"] if fedscape.DEVICE == "cuda" else []))]
    rivals = start_rivals(w, threads, folder, options)
    try:
        attempt(own, lambda: ours.update(fedscape.losses(w, folder, threads, timeout)))
        for line, process in rivals:
            if line.precision == "float32":
                attempt(line, lambda: check(line, process, ours, tolerance, timeout), process)
        compare = compare_losses
        float32 = ours
        if isinstance(w, Landscape):
            compare = compare_surfaces
            float32 = fedscape.landscape(near(w), folder, threads, timeout, "float32") if reduced else None
        for line, process in [(line, None) for line in reduced] + [r for r in rivals if r[0].precision != "float32"]:
            attempt(line, lambda: compare(line, process, float32, w, threads, folder, timeout), process)
        for _ in range(options.repeats):
            for line in (own, *reduced):
                attempt(line, lambda: line.seconds.append(fedscape.measure(w, folder, threads, timeout, line.precision)))
            for line, process in rivals:
                attempt(line, lambda: line.seconds.append(process.ask("measure", timeout)), process)
    finally:
        for _, process in rivals:
            process.stop()
    return [own, *reduced, *(line for line, _ in rivals)]


def ceilings(w: Workload, folder: pathlib.Path, options) -> dict[str, float]:
    process = RivalProcess("ceilings", w.key, 1, folder, options.full)
    try:
        return process.read(options.timeout)["ready"]
    finally:
        process.stop()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__.splitlines()[0])
    on_cpu = fedscape.DEVICE == "cpu"
    parser.add_argument("--workloads", default=",".join(known(fedscape.DEVICE) + ["aggregation"] * on_cpu),
                        help="default: %(default)s")
    parser.add_argument("--threads", default="1,2" if on_cpu else "1", help="default: %(default)s")
    parser.add_argument("--repeats", type=int, default=5, help="of every measurement; default: %(default)s")
    parser.add_argument("--timeout", type=float, default=300, help="seconds for one answer; default: %(default)s")
    parser.add_argument("--full", action="store_true", help="landscapes of 11x11 points")
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="for inputs and logs")
    parser.add_argument("--results", type=pathlib.Path, default=fedscape.ROOT / "benchmarks/results",
                        help="folder of the table")
    options = parser.parse_args()
    unknown = set(options.workloads.split(",")) - set(WORKLOADS) - {"aggregation"}
    if unknown:
        parser.error(f"unknown workloads {', '.join(sorted(unknown))}")
    return options


def main() -> None:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no rival is left behind
    entries = []
    for key in options.workloads.split(","):
        if key == "aggregation":
            continue
        w, folder = find(key, options.full, fedscape.DEVICE), options.folder / key
        print(f"{w.title}", flush=True)
        for threads in map(int, options.threads.split(",")):
            try:
                prepare(w, folder, options.timeout)
                if fedscape.DEVICE == "cuda":
                    fedscape.tune(w, folder, options.timeout)
                lines = compete(w, threads, folder, options)
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                lines = [Line("fedscape", failure=str(error))]
            entries.append(report.entry(w, threads, lines, fedscape.timed_command(w, folder, threads)))
            if fedscape.DEVICE == "cuda":
                attempt(lines[0], lambda: entries[-1].update(ceilings=ceilings(w, folder, options)))
            elif threads == 1 and not lines[0].failure:
                attempt(lines[0], lambda: entries[-1].update(profile=fedscape.profile(w, folder, options.timeout)))
            print(report.short(entries[-1]), flush=True)
            report.write(options.results, entries, [])
    exact = aggregation.run(options.repeats) if "aggregation" in options.workloads.split(",") else []
    report.write(options.results, entries, exact)
    sys.exit("\n".join(report.wrong(entries)) or 0)


if __name__ == "__main__":
    main()
