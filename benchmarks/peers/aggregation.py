"""Exact aggregation against a read-only pass over the uploads: benchmarks/aggregate.cpp."""
import json
import subprocess

import fedscape

COMMAND = ["build/benchmarks/bench_aggregate"]


def run(repeats: int) -> list[dict]:
    """Per number of threads: seconds and bytes per second of both, and the share of the bandwidth that is reached."""
    done = subprocess.run([*COMMAND, f"--benchmark_repetitions={repeats}", "--benchmark_enable_random_interleaving=true",
                           "--benchmark_format=json"], cwd=fedscape.ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        return [{"failure": done.stderr.strip()[-300:]}]
    medians = {b["run_name"].split("::")[1].removesuffix("/real_time"): b for b in json.loads(done.stdout)["benchmarks"]
               if b.get("aggregate_name") == "median"}
    lines = []
    for threads in (1, 2):
        read, exact = medians[f"read_only_pass/{threads}"], medians[f"exact_aggregation/{threads}"]
        lines.append({"threads": threads, "read_seconds": read["real_time"] / 1e3, "read_bytes": read["bytes_per_second"],
                      "exact_seconds": exact["real_time"] / 1e3, "exact_bytes": exact["bytes_per_second"],
                      "share": exact["bytes_per_second"] / read["bytes_per_second"]})
    return lines
