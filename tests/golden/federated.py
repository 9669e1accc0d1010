"""What the released code of federated algorithms makes of a tiny federation.

Usage: python3 federated.py FEDREPO FEDDYN      writes federated.json beside this file (PyTorch, NumPy)

The arguments are checkouts of github.com/lxcnju/FedRepo at 617ee01 (FedRS, FedNova, SCAFFOLD, ScaffoldRS) and of
github.com/alpemreacar/FedDyn at 48a19fa (FedDyn by its authors, in float32). Their code runs as it is; what it
imports and this does not need is replaced by empty modules. The federation is that of tiny.py.
"""
import contextlib
import copy
import os
import pathlib
import sys
import tempfile
import types

import numpy as np
import torch

from tiny import CLASSES, HERE, InOrder, Net, flat, golden, samples_of, stand_in, tensors_of, write


def add_as_before(add):
    """Tensor.add_(number, tensor), which PyTorch has dropped."""
    def add_scaled(self, *arguments, **options):
        if len(arguments) == 2 and not isinstance(arguments[0], torch.Tensor):
            return add(self, arguments[1], alpha=arguments[0])
        return add(self, *arguments, **options)
    return add_scaled


def released(source, module_name, class_name, options, counts, of_clients=None, last="update_global", **arguments):
    """Two rounds of a class of FedRepo or of a repository that looks the same. of_clients: its attribute with models
    that stay with clients; last: its method that ends a round."""
    module = __import__("algorithms." + module_name, fromlist=[class_name])
    sets = {k: (types.SimpleNamespace(ys=samples_of(k, n)[1]), None) for k, n in enumerate(counts)}
    loaders = {}
    for client, n in enumerate(counts):
        loaders[client] = InOrder(*tensors_of(client, n), 4)
    module.construct_dataloaders = lambda *_: (loaders, loaders, loaders[0])
    args = types.SimpleNamespace(max_round=2, test_round=100, c_ratio=1.0, local_steps=None, local_epochs=1, lr=0.1,
                                 optimizer="SGD", max_grad_norm=1e9, cuda=False, n_classes=CLASSES,
                                 **{"weight_decay": 0.0, **arguments})
    run, history = getattr(module, class_name)(sets, None, Net(True).double(), args), []
    update = getattr(run, last)

    def recorded(*positional, **named):
        update(*positional, **named)
        history.append(flat(run.model))

    setattr(run, last, recorded)
    np.random.seed(0)  # the order of the clients, and so of sums, is drawn
    run.train()
    kept = {"clients": [flat(model) for model in getattr(run, of_clients).values()]} if of_clients else {}
    return golden(source, counts, options, history, min_steps=5, momentum=arguments.get("momentum", 0.0), **kept)


def prepare(*repositories):
    """Their modules can be imported afterwards."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    stand_in("pandas")
    stand_in("sklearn")
    stand_in("sklearn.metrics", f1_score=lambda **_: 0.0)
    torch.Tensor.add_ = add_as_before(torch.Tensor.add_)
    torch.Tensor.cuda = lambda self, *_: self
    sys.path[:0] = [str(pathlib.Path(p).resolve()) for p in repositories]


def feddyn():
    stand_in("utils_libs", os=os, np=np, torch=torch, data=torch.utils.data, nn=torch.nn,
             copy=copy)
    stand_in("utils_models")
    import utils_methods
    counts = [20] * 4
    held = [samples_of(k, n) for k, n in enumerate(counts)]
    federation = types.SimpleNamespace(n_client=4, name="tiny", dataset="synt", clnt_x=[x for x, _ in held],
                                       clnt_y=[y.reshape(-1, 1) for _, y in held], tst_x=held[0][0],
                                       tst_y=held[0][1].reshape(-1, 1))
    cohorts = [[]]
    train = utils_methods.train_feddyn_mdl

    def recorded(*arguments):
        cohorts[-1].append(next(k for k in range(4) if arguments[5] is federation.clnt_x[k]))
        return train(*arguments)

    def end_of_round(*_):
        if cohorts[-1]:
            cohorts.append([])
        return 0.0, 0.0

    utils_methods.train_feddyn_mdl, utils_methods.get_acc_loss = recorded, end_of_round
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(folder + "/Output/tiny")
        os.chdir(folder)
        models = utils_methods.train_FedDyn(federation, 0.5, 0.1, 20, 4, 3, 100, 0.01, lambda: Net(False), Net(False),
                                            0.3, 1, 1.0)[-1]
        os.chdir(HERE)
    return golden("github.com/alpemreacar/FedDyn at 48a19fa", counts, {"alpha": "0.3"}, [flat(model) for model in models],
                  batch=20, epochs=4, weight_decay=0.01, cohorts=cohorts[:-1])


def main():
    prepare(*sys.argv[1:3])
    counts = [20, 28, 12]  # 5, 7 and 5 steps: the last one goes round

    def system(*arguments, **options):
        return released("github.com/lxcnju/FedRepo at 617ee01", *arguments, counts, **options)

    with contextlib.redirect_stdout(sys.stderr):
        content = {
            "fedrs": system("fedrs", "FedRS", {"alpha": "0.5", "mask": "soft", "weights": "samples"}, alpha=0.5,
                            momentum=0.9),
            "fednova": system("fednova", "FedNova", {}, momentum=0.9, gmf=0.0, prox_mu=0.0),
            "scaffold": system("scaffold", "Scaffold", {"server_lr": "0.5"}, glo_lr=0.5),
            "scaffoldrs": system("scaffoldrs", "ScaffoldRS", {"server_lr": "0.5", "alpha": "0.3", "mask": "soft"},
                                 glo_lr=0.5, alpha=0.3),
            "feddyn": feddyn(),
        }
    write("federated", content)


if __name__ == "__main__":
    main()
