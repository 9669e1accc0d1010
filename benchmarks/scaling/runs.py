"""Runs fedscape on a number of ranks, through jobs/launch.sh, and reads what it wrote: the lines of run.jsonl, the
attributes of its HDF5 files, the profile in them."""
import json
import os
import pathlib
import re
import subprocess
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("FEDSCAPE", "build/fedscape")


def launch(ranks: int, words: list[str], timeout: float = 300) -> str:
    """Runs it; what it logged."""
    done = subprocess.run(command(ranks, words), cwd=ROOT, timeout=timeout, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"exit code {done.returncode} of {' '.join(words)}: {done.stderr.strip()[-500:]}")
    return done.stderr


def command(ranks: int, words: list[str]) -> list[str]:
    return ["bash", "jobs/launch.sh", str(ranks), BINARY, *words]


def shown(ranks: int, words: list[str], folder: pathlib.Path) -> str:
    """The command as a user would type it: files by their names, where they lie is this machine's affair."""
    return " ".join(["bash jobs/launch.sh", str(ranks), "build/fedscape", *words]).replace(f"{folder}/", "")


def rounds(run: pathlib.Path) -> list[dict[str, float]]:
    """One a round: seconds, wait_seconds, steps, clients and so on."""
    return [json.loads(line) for line in run.with_suffix(".jsonl").read_text().splitlines()]


def dump(*words: str) -> dict[str, str]:
    """What h5dump prints of attributes and datasets, by name."""
    text = subprocess.run(["h5dump", "-y", "-w", "0", "-m", "%.9g", *words], capture_output=True, text=True,
                          check=True).stdout
    return dict(re.findall(r'(?:ATTRIBUTE|DATASET) "/?(?:\w+/)*(\w+)" \{.*?DATA \{\s*(.*?)\s*\}', text, re.DOTALL))


def peak_memory(run: pathlib.Path) -> int:
    """Bytes of the largest rank."""
    return int(dump("-a", "/peak_memory", str(run))["peak_memory"])


@dataclass(frozen=True)
class Row:
    phase: str
    kind: str
    calls: int
    seconds: float  # of all threads of all ranks
    bytes: float


class Profile:
    """Where the time of all threads of all ranks went, from the output of a command with --profile."""

    def __init__(self, file: pathlib.Path):
        content = dump("-g", "/profile", str(file))
        names = filter(None, (line.strip() for line in content["rows"].strip('"').splitlines()))
        columns = [[float(v) for v in content[name].split(",")] for name in ("calls", "seconds", "bytes")]
        self.rows = [Row(*(name.split(" ", 1) + [""])[:2], int(calls), seconds, count)
                     for name, calls, seconds, count in zip(names, *columns, strict=True)]
        self.threads = int(content["threads"])
        self.wall = float(content["wall_seconds"])

    def find(self, *phases: str, kind: str | None = None) -> list[Row]:
        return [row for row in self.rows if row.phase in phases and kind in (None, row.kind)]

    def seconds(self, *phases: str, kind: str | None = None) -> float:
        return sum(row.seconds for row in self.find(*phases, kind=kind))

    def share(self, *phases: str, kind: str | None = None) -> float:
        return self.seconds(*phases, kind=kind) / (self.threads * self.wall)
