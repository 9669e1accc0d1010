"""The report of a scaling run: what was measured, the model fitted to it, what that predicts; JSON beside it."""
import json
import os
import pathlib
import statistics

import model
import runs
from reporting import commit, machine, number, slug, table, time_of
from works import Federation, Sweep

STRONG, WEAK = 1024, 16  # clients of the predicted rounds: in all, and of each rank
GRID = 51 * 51           # points of the predicted sweep

HOW = """\
One thread a rank, launched by {launcher}. Medians of {repeats} runs, all works and numbers of ranks in turn. A round is
the median of a run's rounds after the first, by its `run.jsonl`; a sweep is everything from reading the data to the
surface on disk. Efficiency: work a second on R ranks over R times that on one. Waiting and communication: their share
of the time of all ranks by `--profile`, start and end of the run included. strong: the same work on every number of
ranks; weak: work in proportion to them."""

MODEL = """\
    round(R) = busy (step steps + visit clients) of the fullest rank + sigma spread(R)
               + 2 log2(R) latency + 2 (R-1)/R bytes / bandwidth + log2(R) latency + server + plan clients + output
    sweep(R) = start + max(ceil(points / R) busy point, points counter)

`benchmarks/scaling/model.py` says what each term is. Fitted on strong scaling from 1 to {most} ranks, on sums of
{wires} to {wired} bytes on {most} ranks, and checked against all runs, the weak ones included."""

LIMITS = """\
What one machine of {cores} cores does not show: a network. Latency and bandwidth of the two networks are assumptions,
one flat algorithm for the sum is assumed where MPI chooses among several, and ranks of a node share its network card,
which is not modelled. Nor does it show more than {cores} cores drawing on one memory, noise of a large machine, slow
nodes, a file system that many nodes share (a sweep keeps one journal a rank, which rank 0 merges), and the start: data
are read by one rank of a node and labels broadcast. Costs are those of this processor."""


def measured(works: tuple, found: dict) -> list[str]:
    rows = []
    for work in works:
        base = statistics.median(run.rate for run in found[work.key, 1])
        for (key, ranks), done in found.items():
            if key != work.key:
                continue
            seconds = [run.seconds for run in done]
            share = [statistics.median(run.profile.share(phase) for run in done)
                     for phase in ("waiting", "communication")]
            efficiency = statistics.median(run.rate for run in done) / (ranks * base)
            rows.append([work.title, "weak" if work.weak else "strong", str(ranks), time_of(statistics.median(seconds)),
                         f"{time_of(min(seconds))} to {time_of(max(seconds))}", f"**{efficiency:.3f}**",
                         f"{100 * share[0]:.1f} %", f"{100 * share[1]:.1f} %"])
    return table(["work", "scaling", "ranks", "a round or sweep", "least to most", "efficiency", "waiting",
                  "communication"], rows)


def constants(costs: dict[str, model.RoundCost]) -> list[str]:
    rows = [[name, time_of(c.step), time_of(c.visit), number(c.busy), time_of(c.sigma), f"{c.bytes / 1e6:.3g} MB",
             time_of(c.server), time_of(c.plan), time_of(c.output)] for name, c in costs.items()]
    return table(["federation", "step", "visit", "busy", "sigma", "bytes", "server", "plan", "output"], rows)


def checks(works: tuple, found: dict, steps: dict, costs: dict, sweep: model.SweepCost | None,
           link: model.Link) -> list[str]:
    rows = []
    for work in works:
        for (key, ranks), done in found.items():
            if key != work.key:
                continue
            seen = statistics.median(run.seconds for run in done)
            cost = sweep if isinstance(work, Sweep) else costs.get(work.network)
            if not cost:
                continue
            said = cost.seconds(work.points_on(ranks) if isinstance(work, Sweep) else steps[key, ranks], ranks,
                                *([] if isinstance(work, Sweep) else [link]))
            rows.append([work.title, str(ranks), time_of(seen), time_of(said), f"{100 * (said / seen - 1):+.1f} %"])
    return table(["work", "ranks", "measured", "model", "off by"], rows)


def loss(row: dict) -> str:
    name, share = model.worst(row["parts"])
    return f"{name} ({100 * share:.0f} % of a round)"


def predictions(rows: list[dict]) -> list[str]:
    cells = [[row["kind"], str(row["ranks"]), time_of(row["seconds"]), f"{row['efficiency']:.2f}",
              loss(row) if row["ranks"] > 1 else "-"] for row in rows]
    return table(["scaling", "ranks", "a round", "efficiency", "largest loss"], cells)


def breaking(name: str, rows: list[dict]) -> list[str]:
    """What breaks first: where half of the ranks' time is lost, and to what."""
    lines = []
    for kind, what in (("strong", f"{STRONG} clients in all"), ("weak", f"{WEAK} clients a rank")):
        mine = [row for row in rows if row["kind"] == kind]
        bad, last = next((row for row in mine if row["efficiency"] < 0.5), None), mine[-1]
        end = (f"half of the time is lost from {bad['ranks']} ranks on, most of it to **{loss(bad)}**" if bad else
               f"efficiency {last['efficiency']:.2f} at {last['ranks']} ranks, the largest loss {loss(last)}")
        lines.append(f"- {name}, {what}, {mine[0]['link'].split(' (')[0]}: {end}")
    return lines


def sweep_lines(sweep: model.SweepCost) -> list[str]:
    rows = [[str(ranks), time_of(sweep.seconds(GRID, ranks)), f"{sweep.efficiency(GRID, ranks):.2f}"]
            for ranks in model.RANKS]
    text = (f"A point takes {time_of(sweep.point)} on an idle machine ({sweep.busy:.3f} times that where all cores are "
            f"busy), the start {time_of(sweep.start)}, the counter {time_of(sweep.counter)} a point here: it alone "
            f"would keep up with {sweep.point / sweep.counter:,.0f} ranks. A sweep of 51x51 points is bound by the "
            f"start, and by the last points, which some ranks wait for:")
    return [text, "", *table(["ranks", "sweep of 51x51 points", "efficiency"], rows)]


def launcher() -> str:
    nodes = os.environ.get("SLURM_JOB_NUM_NODES")
    return f"srun on {nodes} node(s)" if nodes else "mpirun on one machine"


def modelled(works: tuple, found: dict, wires: list, steps: dict) -> tuple[list[str], dict]:
    most = max(ranks for _, ranks in found)
    link = model.fit_link(wires)
    costs = {work.network: model.fit_round(found[work.key, 1], found[work.key, most], steps[work.key, most], link)
             for work in works if isinstance(work, Federation) and not work.weak}
    sweeps = [work for work in works if isinstance(work, Sweep) and not work.weak]
    sweep = model.fit_sweep(found[sweeps[0].key, 1], found[sweeps[0].key, most]) if sweeps else None
    payloads = [run.payload for run in wires]
    lines = ["## Model", "", MODEL.format(most=most, wires=f"{min(payloads):,.0f}", wired=f"{max(payloads):,.0f}"), "",
             f"Sum over {most} ranks, {launcher()}: latency {time_of(link.latency)}, {link.bandwidth / 1e9:.3g} GB/s.",
             "", *constants(costs), *checks(works, found, steps, costs, sweep, link)]
    rows = {}
    for work in works:
        if isinstance(work, Federation) and not work.weak:
            for on in (link, *model.ASSUMED):
                rows[work.network, on.name] = model.predict(costs[work.network], steps[work.key, 1], on, STRONG, WEAK)
    lines += ["## What breaks first", ""]
    lines += [line for (name, _), found_rows in rows.items() for line in breaking(name, found_rows)]
    lines += ["", LIMITS.format(cores=os.cpu_count()), "", "## Predicted", ""]
    for (name, on), found_rows in rows.items():
        lines += [f"### {name}, {on}", "", *predictions(found_rows)]
    if sweep:
        lines += ["### Sweep", "", *sweep_lines(sweep)]
    return lines, {"link": vars(link), "costs": {k: vars(v) for k, v in costs.items()},
                   "sweep": sweep and vars(sweep), "predicted": [row for some in rows.values() for row in some]}


def write(options, works: tuple, found: dict, wires: list, steps: dict, seconds: float) -> pathlib.Path:
    slurm = "SLURM_JOB_NUM_NODES" in os.environ
    command = f"{'FEDSCAPE_SLURM=1 ' if slurm else ''}bash benchmarks/scaling.sh --repeats {options.repeats}"
    lines = [f"# Scaling on {machine()}", "", f"    {command}", "", f"At {commit()}, {seconds / 60:.0f} minutes. "
             + HOW.format(launcher=launcher(), repeats=options.repeats), "", "## Measured", "", *measured(works, found)]
    lines += [line for work in works for line in ("    " + runs.shown(
        max(options.ranks), work.words(max(options.ranks), options.folder / "run.h5"), options.folder), "")]
    raw = {"machine": machine(), "commit": commit(), "command": command, "seconds": seconds,
           "runs": [{"work": key, "ranks": ranks, "seconds": [run.seconds for run in done],
                     "rate": [run.rate for run in done],
                     "rows": [[vars(row) for row in run.profile.rows] for run in done]}
                    for (key, ranks), done in found.items()]}
    if wires:
        more, fitted = modelled(works, found, wires, steps)
        lines += more
        raw |= fitted
    options.results.mkdir(parents=True, exist_ok=True)
    path = options.results / f"{slug()}-scaling{'-slurm' if slurm else ''}.md"
    path.write_text("\n".join(lines).rstrip() + "\n")
    path.with_suffix(".json").write_text(json.dumps(raw, indent=1) + "\n")
    return path
