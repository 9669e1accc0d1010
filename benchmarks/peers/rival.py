"""One rival on one workload in a process of its own, asked over pipes.

Usage: python rival.py RIVAL WORKLOAD THREADS FOLDER [full]

Writes a line of JSON when it is ready and one for each line it reads: "losses" or "measure". What libraries print goes
to stderr. A rival with several processes starts the others itself and passes every line on to them."""
import importlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import traceback

SEVERAL_PROCESSES = ("pytorch_processes", "pfl_research")


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start_others(ranks: int) -> list[subprocess.Popen]:
    """Ranks 1 to ranks - 1, which find each other through the variables that torchrun sets."""
    if ranks > 1:
        os.environ.update(RANK="0", LOCAL_RANK="0", WORLD_SIZE=str(ranks), MASTER_ADDR="127.0.0.1",
                          MASTER_PORT=str(free_port()), TORCHELASTIC_RUN_ID="peers", GLOO_SOCKET_IFNAME="lo")
    return [subprocess.Popen([sys.executable, *sys.argv], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                             env=os.environ | {"RANK": str(rank), "LOCAL_RANK": str(rank)})
            for rank in range(1, ranks)]


def main() -> None:
    name, key, threads, folder = sys.argv[1], sys.argv[2], int(sys.argv[3]), pathlib.Path(sys.argv[4])
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    ranks = threads if name in SEVERAL_PROCESSES else 1
    rank = int(os.environ.get("RANK", "0"))
    others = start_others(ranks) if rank == 0 else []

    def reply(content: dict) -> None:
        print(json.dumps(content), file=replies, flush=True)

    try:
        import torch
        from rivals.inputs import Inputs, prepare
        from workloads import find
        torch.set_num_threads(threads // ranks)
        workload = find(key, "full" in sys.argv[5:], os.environ.get("FEDSCAPE_PEERS_DEVICE", "cpu"))
        if name == "prepare":
            return prepare(workload, folder)
        if name == "ceilings":
            from rivals.ceilings import arithmetic, ceilings
            return reply({"ready": ceilings() | {"unit": arithmetic(workload)}})
        rival = importlib.import_module(f"rivals.{name}").Rival(Inputs(workload, folder), rank, ranks)
        reply({"ready": rival.note})
        for line in sys.stdin:
            for other in others:
                print(line, end="", file=other.stdin, flush=True)
            reply({"result": getattr(rival, line.strip())()})
    except Exception as error:
        traceback.print_exc()
        reply({"error": f"{type(error).__name__}: {error}".splitlines()[0]})
        sys.exit(1)
    finally:
        for other in others:
            other.stdin.close()


if __name__ == "__main__":
    main()
