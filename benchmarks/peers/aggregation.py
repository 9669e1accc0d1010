"""Exact aggregation against a read-only pass over the uploads: benchmarks/aggregate.cpp."""
import json
import subprocess

import fedscape

COMMAND = ["build/benchmarks/bench_aggregate"]


def run(repeats: int) -> list[dict]:
    """Per number of threads and stack of uploads: seconds and bytes per second of both, and their ratio."""
    flags = [f"--benchmark_repetitions={max(repeats, 2)}", "--benchmark_enable_random_interleaving=true",
             "--benchmark_min_time=0.01", "--benchmark_format=json"]  # one repetition has no median
    done = subprocess.run([*COMMAND, *flags], cwd=fedscape.ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        return [{"failure": done.stderr.strip()[-300:] or f"exit code {done.returncode}"}]
    medians = {b["run_name"].split("::")[1].split("/process_time")[0]: b for b in json.loads(done.stdout)["benchmarks"]
               if b.get("aggregate_name") == "median"}
    lines = []
    for name, exact in medians.items():
        if not name.startswith("exact_aggregation"):
            continue
        _, threads, stack = name.split("/")
        read = medians[f"read_only_pass/{threads}"]
        lines.append({"threads": int(threads), "stack": int(stack), "read_seconds": read["real_time"] / 1e3,
                      "read_bytes": read["bytes_per_second"], "exact_seconds": exact["real_time"] / 1e3,
                      "exact_bytes": exact["bytes_per_second"],
                      "share": exact["bytes_per_second"] / read["bytes_per_second"]})
    return sorted(lines, key=lambda line: (line["threads"], line["stack"]))
