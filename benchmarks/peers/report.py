"""The table of a run as Markdown, and the raw data as JSON beside it. The machine is named by processor and cores."""
import json
import os
import pathlib
import re
import subprocess

import aggregation
from workloads import Workload

FEDSCAPE = "fedscape"


def cpu() -> dict[str, str]:
    text = subprocess.run(["lscpu"], capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"}).stdout
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}


def isa(flags: str) -> str:
    """The widest of the instruction sets that matter here."""
    for flag, name in (("amx_tile", "AMX"), ("avx512_bf16", "AVX-512 with BF16"), ("avx512f", "AVX-512"),
                       ("avx2", "AVX2"), ("sve", "SVE")):
        if flag in flags.split():
            return name
    return "baseline"


GENERATIONS = {("AuthenticAMD", "25", "zen3"): "Zen 3", ("AuthenticAMD", "25", "avx512f"): "Zen 4",
               ("AuthenticAMD", "26", "avx512f"): "Zen 5", ("AuthenticAMD", "23", "avx2"): "Zen 2"}


def machine() -> str:
    c = cpu()
    flags = c.get("Flags", "")
    generation = next((name for (vendor, family, flag), name in GENERATIONS.items()
                       if c.get("Vendor ID") == vendor and c.get("CPU family") == family
                       and (flag in flags.split() or flag == "zen3" and "avx512f" not in flags)), "")
    model = c.get("Model name", "unknown processor")
    return ", ".join([f"{model} ({generation})" if generation else model, f"{os.cpu_count()} cores", isa(flags)])


def slug() -> str:
    return re.sub(r"[^a-z0-9]+", "-", machine().lower()).strip("-")


def entry(w: Workload, threads: int, lines: list, command: list[str]) -> dict:
    """What is known of one workload with so many threads; the best rival is the fastest that computes the same."""
    contestants = [{"name": line.name, "note": line.note, "difference": line.difference, "seconds": line.seconds,
                    "median": line.median(), "failure": without_paths(line.failure)} for line in lines]
    rivals = [c for c in contestants if c["name"] != FEDSCAPE and c["median"]]
    own = next(c["median"] for c in contestants if c["name"] == FEDSCAPE)
    for c in contestants:
        c["ratio"] = c["median"] / own if own and c["median"] else None
        c["known"] = w.known.get(c["name"], "")
    best = min(rivals, key=lambda c: c["median"], default=None)
    return {"workload": w.key, "title": w.title, "unit": w.unit, "threads": threads, "target": w.target,
            "contestants": contestants, "best": best and best["name"], "ratio": best and best["ratio"],
            "command": " ".join(relative(word) for word in command)}


def without_paths(text: str) -> str:
    """Files by their names alone: where they lie is this machine's affair."""
    return re.sub(r"/[^\s'\":,]*/", "", text)


def relative(word: str) -> str:
    """Paths below the folder of inputs, without where that folder is."""
    return re.sub(r"^/.*/(inputs/.*)$", r"\1", word)


def number(value: float | None, unit: str = "") -> str:
    return "-" if value is None else f"{value:.3g}{unit}"


def time_of(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{1e3 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def short(e: dict) -> str:
    shown = [f"{c['name']} {time_of(c['median'])}" for c in e["contestants"]]
    return f"  {e['threads']} thread(s), a {e['unit']}: {', '.join(shown)}; ratio {number(e['ratio'])} ({e['best']})"


def spread(seconds: list[float]) -> str:
    return f"{time_of(min(seconds))} to {time_of(max(seconds))}" if seconds else "-"


def summary(entries: list[dict]) -> list[str]:
    lines = ["| workload | threads | unit | fedscape | best rival | its time | ratio | target per core |",
             "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for e in entries:
        own, best = (next((c for c in e["contestants"] if c["name"] == n), None) for n in (FEDSCAPE, e["best"]))
        lines.append(f"| {e['title']} | {e['threads']} | {e['unit']} | {time_of(own['median'])} | "
                     f"{e['best'] or 'none'} | {time_of(best and best['median'])} | **{number(e['ratio'])}** | "
                     f"{e['target']} |")
    return lines


def details(e: dict) -> list[str]:
    lines = [f"### {e['title']}, {e['threads']} thread(s)", "", f"    {e['command']}", "",
             "| contestant | median | least to most | times fedscape's | losses differ by | how |",
             "| --- | --- | --- | --- | --- | --- |"]
    for c in e["contestants"]:
        how = "; ".join(part for part in (f"FAILED: {c['failure']}" if c["failure"] else "", c["note"],
                                          f"known to reach on one core: {c['known']}" if c["known"] else "") if part)
        lines.append(f"| {c['name']} | {time_of(c['median'])} | {spread(c['seconds'])} | {number(c['ratio'])} | "
                     f"{number(c['difference'])} | {how} |")
    return [*lines, ""]


def aggregate_lines(exact: list[dict]) -> list[str]:
    lines = ["## Exact aggregation of 100 uploads of 10 million parameters", "",
             f"    {' '.join(aggregation.COMMAND)}", "",
             "| threads | uploads added at once | read-only pass | exact aggregation | share (target 80 %) |",
             "| --- | --- | --- | --- | --- |"]
    for e in exact:
        if "failure" in e:
            lines.append(f"| - | - | - | FAILED: {e['failure']} | - |")
            continue
        lines.append(f"| {e['threads']} | {e['stack']} | "
                     f"{time_of(e['read_seconds'])}, {e['read_bytes'] / 1e9:.1f} GB/s | "
                     f"{time_of(e['exact_seconds'])}, {e['exact_bytes'] / 1e9:.1f} GB/s | {100 * e['share']:.0f} % |")
    return [*lines, ""]


HOW = """\
Times are medians of {repeats} measurements, contestants alternating; start-up, compilation and a first round are left
out on both sides (a sweep's time a point includes the making of its plans). float32 throughout. Before timing, both
sides start from the same initial model, take the same batches in the same order (without dropout) and must agree in the
training loss of every round (PyTorch) and the test loss after the last one to 1e-3, or in the loss at every point of a
landscape to 1e-4; `losses differ by` is the largest relative difference. The ratio is the best rival's time over
fedscape's. `pytorch_processes`: one process of one thread for each core, all-reduce by gloo. Logistic regression has no
sigmoid before its softmax. W1 and W3 are timed with the published dropout. All clients of a federation take part in
every round, so that no drawing of cohorts differs. Central training in fedscape uses one thread, whatever --threads
says."""


def write(folder: pathlib.Path, entries: list[dict], exact: list[dict], options, seconds: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    command = (f"bash benchmarks/peers/run.sh --workloads {options.workloads} --threads {options.threads} "
               f"--repeats {options.repeats}{' --full' if options.full else ''}")
    lines = [f"# Peers on {machine()}", "", f"    {command}", "", f"{seconds / 60:.0f} minutes. "
             + HOW.format(repeats=options.repeats), "", *summary(entries), ""]
    if exact:
        lines += aggregate_lines(exact)
    lines += ["## Contestants", ""]
    for e in entries:
        lines += details(e)
    (folder / f"{slug()}.md").write_text("\n".join(lines))
    raw = {"machine": machine(), "command": command, "seconds": seconds, "entries": entries, "aggregation": exact}
    (folder / f"{slug()}.json").write_text(json.dumps(raw, indent=1) + "\n")
