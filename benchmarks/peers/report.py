"""The table of a run as Markdown, and the raw data as JSON beside it. The machine is named by processor and cores."""
import json
import pathlib
import re

import aggregation
from fedscape import DEVICE
from reporting import commit, machine, number, slug, time_of
from workloads import WORKLOADS, Workload

FEDSCAPE = "fedscape"
DIFFERENT = "losses differ"


def entry(w: Workload, threads: int, lines: list, command: list[str]) -> dict:
    """What is known of one workload with so many threads; the best rival is the fastest that computes the same."""
    contestants = [{"name": line.name, "note": line.note, "difference": line.difference, "seconds": line.seconds,
                    "median": line.median(), "failure": without_paths(line.failure), "precision": line.precision,
                    "accuracy": line.accuracy} for line in lines]
    rivals = [c for c in contestants if c["name"] != FEDSCAPE and c["precision"] == "float32" and c["median"]]
    own = next(c["median"] for c in contestants if c["name"] == FEDSCAPE)
    for c in contestants:
        c["ratio"] = c["median"] / own if own and c["median"] else None
        c["known"] = w.known.get(c["name"], "")
    best = min(rivals, key=lambda c: c["median"], default=None)
    return {"workload": w.key, "title": w.title, "unit": w.unit, "threads": threads, "target": w.target,
            "contestants": contestants, "best": best and best["name"], "ratio": best and best["ratio"],
            "command": " ".join(relative(word) for word in command),
            "commit": commit()}


def wrong(entries: list[dict]) -> list[str]:
    """What must not happen: fedscape fails, or computes something else than a rival."""
    return [f"{e['title']}: {c['name']}: {c['failure']}" for e in entries for c in e["contestants"]
            if c["failure"] and (c["name"].startswith(FEDSCAPE) or DIFFERENT in c["failure"])]


def without_paths(text: str) -> str:
    """Files by their names alone: where they lie is this machine's affair."""
    return re.sub(r"/[^\s'\":,]*/", "", text)


def relative(word: str) -> str:
    """Paths below the folder of inputs, without where that folder is."""
    return re.sub(r"^/.*/(inputs(-cuda)?/.*)$", r"\1", word)


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


REDUCED = """\
Operands of products in bf16 (8 bits), with weights (bf16w2) or weights and inputs (bf16x2) in two parts of bf16 (16
bits), or, on GPUs, in tf32 (11 bits); sums in float32; each against the fastest float32 rival. `loss`, `accuracy`: the
largest differences to fedscape's float32, relative and in percentage points: in training, of the losses that are
compared before it is timed; in a landscape, among 5x3 points of [-0.1, 0.1]^2 with a loss below 10 (aimed at in bf16:
3x, 1e-3 and 0.2)."""


def reduced_lines(entries: list[dict]) -> list[str]:
    lines = ["## Reduced precision", "", REDUCED, "",
             "| workload | threads | contestant | time | float32 rival | ratio | loss | accuracy |",
             "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for e in entries:
        best = next((c["median"] for c in e["contestants"] if c["name"] == e["best"]), None)
        for c in e["contestants"]:
            if c.get("precision", "float32") != "float32":
                ratio = best / c["median"] if best and c["median"] else None
                lines.append(f"| {e['title']} | {e['threads']} | {c['name']} | {time_of(c['median'])} | {time_of(best)} | "
                             f"**{number(ratio)}** | {number(c['difference'])} | {number(c['accuracy'])} |")
    return [*lines, ""]


def details(e: dict) -> list[str]:
    lines = [f"### {e['title']}, {e['threads']} thread(s)", "", f"    {e['command']}", "", f"At {e['commit']}.", "",
             "| contestant | median | least to most | times fedscape's | losses differ by | how |",
             "| --- | --- | --- | --- | --- | --- |"]
    for c in e["contestants"]:
        how = "; ".join(part for part in (f"FAILED: {c['failure']}" if c["failure"] else "", c["note"],
                                          f"known to reach on one core: {c['known']}" if c["known"] else "") if part)
        lines.append(f"| {c['name']} | {time_of(c['median'])} | {spread(c['seconds'])} | {number(c['ratio'])} | "
                     f"{number(c['difference'])} | {how} |")
    return [*lines, ""]


CEILINGS = """\
`ceilings`: products of 8192 x 8192 matrices and a copy of 1 GB in PyTorch on the same card. Arithmetic of a unit: direct
convolutions and linear layers forward, and twice that again in training."""


def ceiling_lines(entries: list[dict]) -> list[str]:
    """What fedscape reaches of what the card can do."""
    card = entries[-1]["ceilings"]
    lines = ["## Beside the card's ceilings", "", CEILINGS, "",
             f"float32 {card['float32'] / 1e12:.3g} TFLOP/s, tf32 {card['tf32'] / 1e12:.3g}, bf16 {card['bf16'] / 1e12:.3g}; "
             f"copy {card['copy'] / 1e12:.3g} TB/s.", "",
             "| workload | contestant | TFLOP/s | of the ceiling |", "| --- | --- | --- | --- |"]
    for e in entries:
        for c in e["contestants"]:
            if c["median"]:
                rate = e["ceilings"]["unit"] / c["median"]
                ceiling = e["ceilings"]["bf16" if c["precision"].startswith("bf16") else c["precision"]]
                lines.append(f"| {e['title']} | {c['name']} | {rate / 1e12:.3g} | {rate / ceiling:.0%} |")
    return [*lines, ""]


SETTING_UP = ("io", "other", "waiting")  # of a short run; not of its rounds or points


def profile_lines(e: dict) -> list[str]:
    """The rows of a profile that take 2 % of the work's time at least, beside the peaks of the machine."""
    peaks, rows = e["profile"], [r for r in e["profile"]["rows"] if r["name"].split()[0] not in SETTING_UP]
    total = sum(r["seconds"] for r in rows)
    lines = [f"### {e['title']}", "",
             f"Peaks: {peaks['peak_flops'] / 1e9:.0f} GFLOP/s, {peaks['peak_bytes'] / 1e9:.0f} GB/s. All of it: "
             f"{sum(r['flops'] for r in rows) / total / peaks['peak_flops']:.0%} of the peak in arithmetic.", "",
             "| work | share of time | GFLOP/s | of peak | GB/s | of peak |", "| --- | --- | --- | --- | --- | --- |"]
    for r in sorted(rows, key=lambda r: -r["seconds"]):
        if r["seconds"] < 0.02 * total:
            break
        flops, size = r["flops"] / r["seconds"], r["bytes"] / r["seconds"]
        lines.append(f"| {r['name']} | {r['seconds'] / total:.0%} | {flops / 1e9:.3g} | "
                     f"{flops / peaks['peak_flops']:.0%} | {size / 1e9:.3g} | {size / peaks['peak_bytes']:.0%} |")
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
Times are medians of {repeats} measurements at least, contestants alternating; start-up, compilation and a first round are left
out on both sides (a sweep's time a point includes the making of its plans). float32 but where said. Before timing, both
sides start from the same initial model, take the same batches in the same order (without dropout) and must agree in the
training loss of every round (PyTorch) and the test loss after the last one to 1e-3, or in the loss at every point of a
landscape to 1e-4; `losses differ by` is the largest relative difference. The ratio is the best rival's time over
fedscape's. `pytorch_processes`: one process of one thread for each core, all-reduce by gloo. Logistic regression has no
sigmoid before its softmax. W1 and W3 are timed with the published dropout. All clients of a federation take part in
every round, so that no drawing of cohorts differs."""

PROFILES = """\
One more run of each command on one thread with `--profile`; reading of files and start-up left out. FLOP/s count the
direct arithmetic of a layer, so that Winograd's convolutions can exceed the peak of the multiply-add units; bytes are
those of the arrays read and written, each once, wherever they lie, so that rates above the peak of memory are those of
caches."""


def merged(entries: list[dict], earlier: list[dict]) -> list[dict]:
    """In the order of the workloads: new entries, and earlier ones of workloads that were not measured again."""
    known = {(e["workload"], e["threads"]): e for e in [*earlier, *entries]}
    order = list(WORKLOADS)
    return sorted((e for e in known.values() if e["workload"] in order),
                  key=lambda e: (order.index(e["workload"]), e["threads"]))


def write(folder: pathlib.Path, entries: list[dict], exact: list[dict]) -> None:
    """The table of the machine: what it held of other workloads stays."""
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / f"{slug()}.json"
    earlier = json.loads(data.read_text()) if data.exists() else {"entries": [], "aggregation": []}
    entries, exact = merged(entries, earlier["entries"]), exact or earlier["aggregation"]
    repeats = min((len(c["seconds"]) for e in entries for c in e["contestants"] if c["median"]), default=0)
    lines = [f"# Peers on {machine()}", "", f"    bash benchmarks/peers/run.sh{' --device cuda' * (DEVICE == 'cuda')}", "", HOW.format(repeats=repeats),
             "", *summary(entries), ""]
    if any(c.get("precision", "float32") != "float32" for e in entries for c in e["contestants"]):
        lines += reduced_lines(entries)
    if exact:
        lines += aggregate_lines(exact)
    measured = [e for e in entries if "ceilings" in e]
    if measured:
        lines += ceiling_lines(measured)
    profiled = [e for e in entries if "profile" in e]
    if profiled:
        lines += ["## Where fedscape's time goes", "", PROFILES, ""]
        for e in profiled:
            lines += profile_lines(e)
    lines += ["## Contestants", ""]
    for e in entries:
        lines += details(e)
    (folder / f"{slug()}.md").write_text("\n".join(lines))
    data.write_text(json.dumps({"machine": machine(), "entries": entries, "aggregation": exact}, indent=1) + "\n")
