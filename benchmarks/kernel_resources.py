"""What every CUDA kernel takes of a multiprocessor, by its compiled code. Needs cuobjdump (CUDA) and c++filt, no GPU.

    cmake --preset cuda && cmake --build build-cuda
    python3 benchmarks/kernel_resources.py build-cuda/libfedscape_core.a   # writes benchmarks/results/cuda-kernels.md

Registers are those of a thread, stack its bytes of local memory (spilled registers and arrays), shared the bytes of a
block. Warps: as many as the registers of a multiprocessor hold, by its compute capability (8.0 and 9.0 agree)."""
import dataclasses
import pathlib
import re
import subprocess
import sys

from reporting import commit, table

RESULTS = pathlib.Path(__file__).parent / "results/cuda-kernels.md"
PARTITIONS, REGISTERS, MOST_WARPS, WARP = 4, 16384, 16, 32  # of a multiprocessor, and of each of its partitions


@dataclasses.dataclass
class Usage:
    registers: int
    stack: int
    shared: int

    def warps(self) -> int:
        granted = (self.registers + 7) // 8 * 8
        return PARTITIONS * min(MOST_WARPS, REGISTERS // (granted * WARP))


Kernels = dict[tuple[str, str], dict[str, Usage]]  # by file and name, then by architecture


def short(name: str) -> str:
    """threads_kernel<Dropout> for void fedscape::kernels::threads_kernel<...>(long, ...)."""
    name = re.sub(r"(\w+::)+|\(anonymous namespace\)::", "", name.removeprefix("void "))
    depth = 0
    for i, letter in enumerate(name):
        depth += (letter == "<") - (letter == ">")
        if letter == "(" and depth == 0:
            return name[:i].replace(" >", ">")
    return name


def output(words: list[str], said: str = "") -> str:
    try:
        done = subprocess.run(words, input=said, capture_output=True, text=True)
    except FileNotFoundError:
        sys.exit(f"{words[0]}: a program on the PATH expected, found none")
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def read(library: str) -> Kernels:
    lines = output(["c++filt"], output(["cuobjdump", "--dump-resource-usage", library])).splitlines()
    kernels, file, arch, name = {}, "", "", ""
    for line in lines:
        if found := re.match(r"member .*:(\S+?)\.o:$", line):
            file = found[1]
        elif found := re.match(r"arch = (\S+)", line):
            arch = found[1]
        elif found := re.match(r" Function (.*):$", line):
            name = short(found[1])
        elif found := re.match(r"  REG:(\d+) STACK:(\d+) SHARED:(\d+)", line):
            kernels.setdefault((file, name), {})[arch] = Usage(*map(int, found.groups()))
    return kernels


def report(kernels: Kernels) -> list[str]:
    archs = sorted({arch for usages in kernels.values() for arch in usages})
    spilled = [(key, arch) for key, usages in kernels.items() for arch in usages if usages[arch].stack]
    lines = ["# Resources of the CUDA kernels", "",
             "    python3 benchmarks/kernel_resources.py build-cuda/libfedscape_core.a", "",
             f"At {commit()}: {len(kernels)} kernels, compiled for {' and '.join(archs)}. Nothing here was measured on a",
             "GPU. Registers of a thread, bytes of its stack (spilled registers, arrays), bytes of shared memory of a block;",
             f"warps: as many as the registers of a multiprocessor hold, of {PARTITIONS * MOST_WARPS} at most. Where",
             f"architectures differ: {', '.join(archs)}.", ""]
    lines += [f"Kernels with a stack: {len(spilled)}.", ""] if spilled else ["No kernel has a stack.", ""]
    for file in sorted({file for file, _ in kernels}):
        rows = []
        for (_, name), usages in sorted(k for k in kernels.items() if k[0][0] == file):
            used = [usages[arch] for arch in archs if arch in usages]
            columns = ([u.registers for u in used], [u.stack for u in used], [u.shared for u in used],
                       [u.warps() for u in used])
            rows.append([f"`{name}`", *(", ".join(map(str, c if len(set(c)) > 1 else c[:1])) for c in columns)])
        lines += [f"## {file}", "", *table(["kernel", "registers", "stack", "shared", "warps"], rows)]
    return lines


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(f"usage: python3 {sys.argv[0]} LIBRARY")
    kernels = read(sys.argv[1])
    if not kernels:
        sys.exit(f"{sys.argv[1]}: CUDA kernels expected, found none")
    RESULTS.write_text("\n".join(report(kernels)))
    print(f"{RESULTS}: {len(kernels)} kernels")


if __name__ == "__main__":
    main()
