"""What the released code of MrTF and FedDF makes of a tiny federation with server data.

Usage: python3 refinement.py MRTF      writes refinement.json beside this file (PyTorch, NumPy)

The argument is a checkout of github.com/lxcnju/MrTF at 9c0324a. Its code runs as it is, in double precision; what it
imports and this does not need is replaced by empty modules, and batches come in the order of the samples. The server's
samples are one batch of the student, so the order in which they are shuffled does not matter. Samples, labels and first
parameters come from formula.py. A client makes one step more than its options say.
"""
import contextlib
import pathlib
import sys
import types

import numpy as np
import torch

import formula
from tiny import CLASSES, FEATURES, HIDDEN, InOrder, Net, flat, stand_in, write

COUNTS, BATCH, LR, ROUNDS = [20, 17, 12], 4, 0.3, 7
SAMPLES, SEEN_AT_ONCE, STUDENT_STEPS = 64, 32, 20


def loader(stream, count, batch, classes=CLASSES):
    """The class of a sample is the largest of its first features."""
    x = formula.values(stream, (count, FEATURES))
    return InOrder(torch.from_numpy(x), torch.from_numpy(x[:, :classes].argmax(axis=1)), batch)


def model():
    """Hidden units begin above 0: a sample that reaches none is as near to every class, and rounding would decide."""
    net = Net(True).double()
    with torch.no_grad():
        net.encoder[0].bias.copy_(torch.from_numpy(formula.values(2, (HIDDEN,), 1, 0.5)))
    return net


def released(module, class_name, options, **arguments):
    clients = {k: loader(10 + k, n, BATCH, CLASSES - (k == 1)) for k, n in enumerate(COUNTS)}  # 1 lacks the last class
    server = loader(30, SAMPLES, SEEN_AT_ONCE)
    module.construct_dataloaders = lambda *_: (clients, clients, server)
    args = types.SimpleNamespace(max_round=ROUNDS, test_round=1, c_ratio=1.0, local_steps=None, local_epochs=1, lr=LR,
                                 optimizer="SGD", momentum=0.9, weight_decay=0.0, max_grad_norm=100.0, cuda=False,
                                 n_classes=CLASSES, dataset="tiny", ref_steps=STUDENT_STEPS, ref_alpha=0.1,
                                 dp_sigma=0.0, **arguments)
    run, students = getattr(module, class_name)(clients, None, model(), args), []
    refine = run.refine_global

    def recorded(*positional, **named):
        student, accuracy = refine(*positional, **named)
        students.append(flat(student))
        return student, accuracy

    run.refine_global = recorded
    run.train()
    before, after = ("BEF_TACCS", "GLO_TACCS") if class_name == "FedDF" else ("GLO_TACCS", "REF_TACCS")
    return {"options": options, "global": flat(run.model), "student": students[-1],
            "labels": [] if class_name == "FedDF" else run.glo_probs.reshape(-1).tolist(),
            "accuracies": [[100 * float(a) for a in run.logs[name]] for name in (before, "ENS_TACCS", after)]}


def main():
    for name in ("pandas", "torchvision"):
        stand_in(name)
    torch.FloatTensor = torch.DoubleTensor
    sys.path.insert(0, str(pathlib.Path(sys.argv[1]).resolve()))
    import feddf
    import mrtf
    modes = [(mode, True, True) for mode in ("AvgLogi", "AvgProb", "WeiLogi", "WeiProb", "AvgRef", "GloRef", "ALL")]
    modes += [("ALL", False, True), ("ALL", True, False)]
    with contextlib.redirect_stdout(sys.stderr):
        systems = {"feddf": released(feddf, "FedDF", {})}
        for mode, add_glo, glo_w in modes:
            name = mode + ("" if add_glo else "_clients_alone") + ("" if glo_w else "_equal")
            options = {"mode": mode, "add_glo": add_glo, "glo_w": glo_w}
            systems[name] = released(mrtf, "MrTF", options, ref_way=mode, add_glo=add_glo, glo_w=glo_w)
    content = {"counts": COUNTS, "batch": BATCH, "local_steps": 6, "lr": LR, "momentum": 0.9, "samples": SAMPLES,
               "deviation_batch": SEEN_AT_ONCE, "steps": STUDENT_STEPS, "rounds": ROUNDS, "systems": systems}
    write("refinement", content)


if __name__ == "__main__":
    main()
