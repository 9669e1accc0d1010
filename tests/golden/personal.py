"""What other personal algorithms in the released code of MAP make of a tiny federation.

Usage: python3 personal.py MAP      writes personal.json beside this file (PyTorch, NumPy)

MAP is a checkout of github.com/lxcnju/MAP at 42b1478, of which this takes Ditto, DittoRS, pFedMe, Per-FedAvg, and
FedRep, which there trains head and body together, as FedPer does. Rates rise over five rounds in that code; Per-FedAvg's
inner one does, which is an option here, so that its first round alone is comparable.
"""
import contextlib
import json
import sys

import federated


def main():
    federated.prepare(sys.argv[1])
    counts = [20, 28, 24]  # 5, 7 and 6 steps, whole epochs: personal training begins with the first batch, too
    pulled = {"lambda": "20", "kind": "smooth_l1", "warmup": "5"}

    def released(*names, options, **arguments):
        return federated.released(*names, options, counts, **arguments)

    with contextlib.redirect_stdout(sys.stderr):
        content = {
            "ditto": released("ditto", "Ditto", options=pulled, reg_lamb=20.0, momentum=0.9),
            "dittors": released("dittors", "DittoRS", options={**pulled, "alpha": "0.3", "mask": "soft"},
                                reg_lamb=20.0, alpha=0.3, momentum=0.9),
            "pfedme": {**released("pfedme", "pFedMe", options={"lambda": "15", "inner_steps": "3", "eta": "0.02",
                                                               "beta": "0.7", "warmup": "5"},
                                  reg_lamb=15.0, k_step=3, alpha=0.3, beta=0.7, weight_decay=0.01),
                       "weight_decay": 0.01},
            "perfedavg": {**released("perfedavg", "PerFedAvg", options={"alpha": "0.02"}, meta_lr=0.3, momentum=0.0),
                          "lr": 0.3},
            "fedper": released("fedrep", "FedRep", options={"warmup": "5"}, momentum=0.9),
        }
    for key in ("cohorts", "parameters"):
        del content["perfedavg"][key][1:]
    (federated.HERE / "personal.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
