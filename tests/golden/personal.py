"""What the released code of MAP makes of a tiny federation with personal models.

Usage: python3 personal.py MAP      writes personal.json beside this file (PyTorch, NumPy)

The argument is a checkout of github.com/lxcnju/MAP at 42b1478: Ditto, DittoRS, pFedMe, Per-FedAvg, FedPHP, FedRep,
which there trains head and body together, as FedPer does, and MAP, which compares min_samples with shares of classes:
with one below any share, classes that are held are told from those that are not, as the paper has it. All as in
federated.py. Rates rise over five rounds in that code; Per-FedAvg's inner one does, which is an option here, so that
its first round alone is comparable.
"""
import contextlib
import sys

from federated import prepare, released
from tiny import write


def main():
    prepare(sys.argv[1])
    counts = [20, 28, 24]  # 5, 7 and 6 steps, whole epochs: a second model begins with the first batch, too

    def system(module, name, options, **arguments):
        source = "github.com/lxcnju/MAP at 42b1478"
        return {**released(source, module, name, options, counts, **arguments), "warmup": 5}

    with contextlib.redirect_stdout(sys.stderr):
        content = {
            "ditto": system("ditto", "Ditto", {"lambda": "20", "kind": "smooth_l1"}, of_clients="client_models",
                            reg_lamb=20.0, momentum=0.9),
            "dittors": system("dittors", "DittoRS",
                              {"lambda": "20", "kind": "smooth_l1", "alpha": "0.3", "mask": "soft"},
                              of_clients="client_models", reg_lamb=20.0, alpha=0.3, momentum=0.9),
            "pfedme": {**system("pfedme", "pFedMe",
                                {"lambda": "15", "inner_steps": "3", "eta": "0.02", "beta": "0.7"}, reg_lamb=15.0,
                                k_step=3, alpha=0.3, beta=0.7, weight_decay=0.01), "weight_decay": 0.01},
            "perfedavg": {**system("perfedavg", "PerFedAvg", {"alpha": "0.02"}, meta_lr=0.3, momentum=0.0),
                          "lr": 0.3, "warmup": 0},
            "fedphp": system("fedphp", "FedPHP", {"lambda": "0.3", "weights": "samples"}, of_clients="hpms",
                             reg_way="KD", reg_lamb=0.3, momentum=0.9),
            **{"map_" + transfer: system("fedap", "FedAP", {"alpha": "0.5", "lambda": "0.3", "transfer": transfer,
                                                            "weights": "samples"},
                                         of_clients="hpms", reg_way=transfer.upper(), reg_lamb=0.3, alpha=0.5,
                                         min_samples=1e-6, momentum=0.9) for transfer in ("kd", "mmd")},
            "fedper": system("fedrep", "FedRep", {}, of_clients="private_models", momentum=0.9),
        }
    for key in ("cohorts", "parameters"):
        del content["perfedavg"][key][1:]
    write("personal", content)


if __name__ == "__main__":
    main()
