"""What the released code of MAP makes of a tiny federation: global and private models.

Usage: python3 map.py MAP      writes map.json beside this file (PyTorch, NumPy)

MAP is a checkout of github.com/lxcnju/MAP at 42b1478. It compares min_samples with shares of classes; with one below
any share, classes that are held are told from those that are not, as the paper has it.
"""
import contextlib
import json
import sys

import federated


def main():
    federated.prepare(sys.argv[1])
    counts = [20, 28, 24]  # 5, 7 and 6 steps, whole epochs: personal training begins with the first batch, too
    common = {"momentum": 0.9, "reg_lamb": 0.3}
    options = {"lambda": "0.3", "weights": "samples", "warmup": "5"}
    with contextlib.redirect_stdout(sys.stderr):
        content = {name: federated.released(module, class_name, {**options, **extra}, counts, **common, **arguments)
                   for name, module, class_name, extra, arguments in (
                       ("map", "fedap", "FedAP", {"alpha": "0.5"},
                        {"alpha": 0.5, "min_samples": 1e-6, "reg_way": "KD"}),
                       ("map_mmd", "fedap", "FedAP", {"alpha": "0.5", "transfer": "mmd"},
                        {"alpha": 0.5, "min_samples": 1e-6, "reg_way": "MMD"}),
                       ("fedphp", "fedphp", "FedPHP", {}, {"reg_way": "KD"}))}
    (federated.HERE / "map.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
