"""What the reports of all benchmarks share: the machine's name, and how numbers and tables are written."""
import contextlib
import os
import pathlib
import re
import subprocess


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


def gpu() -> str:
    words = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    return subprocess.run(words, capture_output=True, text=True).stdout.splitlines()[0].strip()


def machine() -> str:
    if os.environ.get("FEDSCAPE_PEERS_DEVICE") == "cuda":
        return gpu()
    c = cpu()
    flags = c.get("Flags", "")
    generation = next((name for (vendor, family, flag), name in GENERATIONS.items()
                       if c.get("Vendor ID") == vendor and c.get("CPU family") == family
                       and (flag in flags.split() or flag == "zen3" and "avx512f" not in flags)), "")
    model = c.get("Model name", "unknown processor")
    return ", ".join([f"{model} ({generation})" if generation else model, f"{os.cpu_count()} cores", isa(flags)])


def slug() -> str:
    return re.sub(r"[^a-z0-9]+", "-", machine().lower()).strip("-")


def commit() -> str:
    """Of the code that is measured; FEDSCAPE_COMMIT names it where there is no repository."""
    words = ["git", "-C", str(pathlib.Path(__file__).parent), "describe", "--always", "--dirty", "--exclude=*"]
    with contextlib.suppress(OSError):
        if found := subprocess.run(words, capture_output=True, text=True).stdout.strip():
            return found
    return os.environ.get("FEDSCAPE_COMMIT", "unknown")


def number(value: float | None, unit: str = "") -> str:
    return "-" if value is None else f"{value:.3g}{unit}"


def time_of(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{1e3 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def table(header: list[str], rows: list[list[str]]) -> list[str]:
    """Lines of a Markdown table and an empty one."""
    return [f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *rows)] + [""]
