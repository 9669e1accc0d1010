"""What a round of a federation and a sweep cost on so many ranks: a model fitted to measured runs.

A round on R ranks takes

    training     busy * (step * steps + visit * clients) / R     local steps; a client's start, upload and its sum
    imbalance    the same of the fullest rank, less that mean    clients go longest first to the least loaded rank
    jitter       sigma * spread(R)                               ranks with equal work are not equally fast
    collective   2 log2(R) latency + 2 (R-1)/R bytes / bandwidth a sum of 8 bytes a parameter, halved and doubled
                 + log2(R) latency                               (Rabenseifner, ICCS 2004); a byte: time to save?
    server       the server's step, the same on every rank
    planning     plan * clients                                  cohort, weights and placement, the same on every rank
    output       rows and weight statistics, written by rank 0 while all others wait

where busy >= 1 is what the other cores' work costs a core, and spread(R) the expected largest of R standard normals."""
import heapq
import math
import random
import statistics
from dataclasses import dataclass

COMPUTE = ("gather", "forward", "loss", "backward", "update")
RANKS = (1, 8, 16, 32, 64, 128, 256, 512, 1024)


@dataclass(frozen=True)
class Link:
    name: str
    latency: float    # seconds a message
    bandwidth: float  # bytes a second

    def sum_of(self, count: float, ranks: int) -> float:
        return 2 * levels(ranks) * self.latency + 2 * (ranks - 1) / ranks * count / self.bandwidth

    def broadcast(self, ranks: int) -> float:
        return levels(ranks) * self.latency


ASSUMED = (Link("100 Gbit/s InfiniBand (assumed: 2 us, 10 GB/s)", 2e-6, 10e9),
           Link("10 Gbit/s Ethernet (assumed: 30 us, 1.1 GB/s)", 30e-6, 1.1e9))


def levels(ranks: int) -> int:
    return math.ceil(math.log2(ranks))


def spread(ranks: int) -> float:
    """Expected largest of so many standard normals (Blom, 1958)."""
    return 0.0 if ranks == 1 else statistics.NormalDist().inv_cdf((ranks - 0.375) / (ranks + 0.25))


def line(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Intercept and slope, neither below zero, with the least squares of relative deviations."""
    weights = [(1 / y ** 2, x, y) for x, y in points]
    w, wx, wy = (sum(a * b for a, b in zip([v[0] for v in weights], column))
                 for column in ([1] * len(points), [v[1] for v in weights], [v[2] for v in weights]))
    wxx, wxy = sum(a * x * x for a, x, _ in weights), sum(a * x * y for a, x, y in weights)
    slope = max(0.0, (w * wxy - wx * wy) / (w * wxx - wx * wx))
    intercept = (wy - slope * wx) / w
    return (intercept, slope) if intercept >= 0 else (0.0, wxy / wxx)


def loads(steps: list[int], ranks: int) -> list[tuple[int, int]]:
    """Steps and clients of each rank, as src/comm/share.cpp places them."""
    ranked = [(0, rank, 0) for rank in range(ranks)]
    for n in sorted(steps, reverse=True):
        done, rank, clients = ranked[0]
        heapq.heapreplace(ranked, (done + n, rank, clients + 1))
    return [(done, clients) for done, _, clients in ranked]


@dataclass
class RoundCost:
    """The model's constants for one federation, in seconds; see the top of this file."""
    step: float
    visit: float
    plan: float
    server: float
    output: float
    bytes: float         # of the collective
    busy: float = 1.0
    sigma: float = 0.0
    sigma_work: float = 1.0  # a rank's seconds of training for which sigma was found; it grows with their square root

    def parts(self, steps: list[int], ranks: int, link: Link) -> dict[str, float]:
        busy = self.busy if ranks > 1 else 1.0
        work = [busy * (self.step * done + self.visit * clients) for done, clients in loads(steps, ranks)]
        mean = statistics.fmean(work)
        return {"training": mean, "imbalance": max(work) - mean,
                "jitter": self.sigma * math.sqrt(mean / self.sigma_work) * spread(ranks),
                "collective": (link.sum_of(self.bytes, ranks) + link.broadcast(ranks)) if ranks > 1 else 0.0,
                "server": self.server, "planning": self.plan * len(steps), "output": self.output}

    def seconds(self, steps: list[int], ranks: int, link: Link) -> float:
        """What the run file calls the seconds of a round: all but the output, which comes after it."""
        parts = self.parts(steps, ranks, link)
        return sum(parts.values()) - parts["output"]


def median(runs: list, value) -> float:
    return statistics.median(value(run) for run in runs)


def fit_link(wires: list) -> Link:
    """From sums of several sizes on two or more ranks, the median of each; wires: measured runs."""
    ranks, sizes = wires[0].ranks, sorted({run.payload for run in wires})
    latency, per_byte = line([(size, median([run for run in wires if run.payload == size], lambda run: run.collective))
                              for size in sizes])
    return Link("the link measured here (fitted)", latency / (2 * levels(ranks)),
                2 * (ranks - 1) / ranks / per_byte if per_byte > 0 else math.inf)


def fit_round(alone: list, together: list, steps: list[int], link: Link) -> RoundCost:
    """From the same federation measured on one rank and on several. What a round on one rank takes beyond local steps,
    server and planning is the clients'."""
    clients, work, ranks = len(steps), sum(steps), together[0].ranks
    step = median(alone, lambda run: run.each_round(*COMPUTE)) / work
    server = median(alone, lambda run: run.each_round("aggregation", kind="server"))
    plan = median(alone, lambda run: run.each_round("other", kind="planning")) / clients
    visit = (median(alone, lambda run: run.seconds) - step * work - server - plan * clients) / clients
    output = median(together, lambda run: run.each_round("io", kind="output"))
    cost = RoundCost(step, visit, plan, server, output, together[0].payload)
    cost.busy = max(1.0, median(together, lambda run: run.each_round(*COMPUTE)) / (step * work))
    cost.sigma_work = cost.parts(steps, ranks, link)["training"]
    left = median(together, lambda run: run.seconds) - cost.seconds(steps, ranks, link)
    cost.sigma = max(0.0, left) / spread(ranks)
    return cost


def resampled(steps: list[int], clients: int) -> list[int]:
    """So many clients like those measured."""
    return random.Random(1).choices(steps, k=clients)


def predict(cost: RoundCost, steps: list[int], link: Link, strong: int, weak: int) -> list[dict]:
    """For each number of ranks a round of `strong` clients in all, and one of `weak` clients a rank, with efficiency
    against one rank whose node is busy, too."""
    rows, crowded = [], RoundCost(**{**vars(cost), "step": cost.step * cost.busy, "visit": cost.visit * cost.busy,
                                     "busy": 1.0})
    for kind in ("strong", "weak"):
        base = None
        for ranks in RANKS:
            clients = resampled(steps, strong if kind == "strong" else weak * ranks)
            parts = crowded.parts(clients, ranks, link)
            rate = sum(clients) / sum(parts.values())
            base = base or rate
            rows.append({"kind": kind, "link": link.name, "ranks": ranks, "seconds": sum(parts.values()),
                         "efficiency": rate / (ranks * base), "parts": parts})
    return rows


def worst(parts: dict[str, float]) -> tuple[str, float]:
    """The largest loss of a round and its share of all of it."""
    name = max((n for n in parts if n != "training"), key=parts.get)
    return name, parts[name] / sum(parts.values())


@dataclass
class SweepCost:
    """T(R) = start + ceil(points / R) * busy * point: ranks take points from one counter, so at the end each waits for
    one point at most. The counter gives out one number at a time."""
    start: float
    point: float
    busy: float
    counter: float

    def seconds(self, points: int, ranks: int) -> float:
        return self.start + max(math.ceil(points / ranks) * self.point * (self.busy if ranks > 1 else 1),
                                points * self.counter)

    def efficiency(self, points: int, ranks: int) -> float:
        return (self.start + points * self.point * self.busy) / (ranks * self.seconds(points, ranks))


def fit_sweep(alone: list, together: list) -> SweepCost:
    start = median(alone, lambda run: run.profile.seconds("io", kind="data") + run.profile.seconds("other"))
    point = median(alone, lambda run: (run.seconds - start) / run.points)
    busy = median(together, lambda run: run.profile.seconds("load", *COMPUTE)) / median(
        alone, lambda run: run.profile.seconds("load", *COMPUTE))
    counters = [row for run in together for row in run.profile.find("communication", kind="counter")]
    return SweepCost(start, point, max(1.0, busy),
                     sum(row.seconds for row in counters) / sum(row.calls for row in counters))
