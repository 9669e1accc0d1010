"""What the released code of federated algorithms makes of a tiny federation.

Usage: python3 federated.py FEDREPO FEDDYN      writes federated.json beside this file (PyTorch, NumPy)

The arguments are checkouts of github.com/lxcnju/FedRepo at 617ee01 (FedRS, FedNova, SCAFFOLD) and of
github.com/alpemreacar/FedDyn at 48a19fa (FedDyn by its authors, in float32). Their code runs as it is; what it
imports and this does not need is replaced by empty modules, and batches come in the order of the samples. Samples,
labels and first parameters come from formula.py.
"""
import contextlib
import copy
import importlib.machinery
import json
import os
import pathlib
import sys
import tempfile
import types

import numpy as np
import torch

import formula

FEATURES, HIDDEN, CLASSES = 6, 5, 3
HERE = pathlib.Path(__file__).parent.resolve()


class Net(torch.nn.Module):
    def __init__(self, with_features):
        super().__init__()
        self.with_features = with_features
        self.encoder = torch.nn.Sequential(torch.nn.Linear(FEATURES, HIDDEN), torch.nn.ReLU())
        self.classifier = torch.nn.Linear(HIDDEN, CLASSES, bias=False)
        with torch.no_grad():
            for stream, parameter in enumerate(self.parameters(), start=1):
                parameter.copy_(torch.from_numpy(formula.values(stream, tuple(parameter.shape), 0, 0.5)))

    def forward(self, x):
        features = self.encoder(x)
        logits = self.classifier(features)
        return (features, logits) if self.with_features else logits


def samples_of(client, count):
    """Client 1 lacks the last class."""
    x = formula.values(10 + client, (count, FEATURES))
    return x, formula.labels(20 + client, count, CLASSES - 1 if client == 1 else CLASSES)


def flat(model):
    return [float(v) for p in model.state_dict().values() for v in p.reshape(-1)]


def stand_in(name, **content):
    module = types.ModuleType(name)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None)
    module.__dict__.update(content)
    sys.modules[name] = module
    return module


class InOrder:
    """A loader whose iterators have the next() of older PyTorch."""

    def __init__(self, x, y, batch):
        self.batches = [(x[i:i + batch], y[i:i + batch]) for i in range(0, len(y), batch)]

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        batches = iter(self.batches)

        class Iterator:
            def __iter__(self):
                return self

            def __next__(self):
                return next(batches)

            next = __next__

        return Iterator()


def add_as_before(add):
    """Tensor.add_(number, tensor), which PyTorch has dropped."""
    def add_scaled(self, *arguments, **options):
        if len(arguments) == 2 and not isinstance(arguments[0], torch.Tensor):
            return add(self, arguments[1], alpha=arguments[0])
        return add(self, *arguments, **options)
    return add_scaled


def released(module_name, class_name, options, counts, **arguments):
    """Two rounds of an algorithm of FedRepo's family: its models after each, and private ones where it has them."""
    module = __import__("algorithms." + module_name, fromlist=[class_name])
    sets = {k: (types.SimpleNamespace(ys=samples_of(k, n)[1]), None) for k, n in enumerate(counts)}
    loaders = {}
    for client, n in enumerate(counts):
        x, y = samples_of(client, n)
        loaders[client] = InOrder(torch.from_numpy(x), torch.from_numpy(y), 4)
    module.construct_dataloaders = lambda *_: (loaders, loaders, loaders[0])
    args = types.SimpleNamespace(max_round=2, test_round=100, c_ratio=1.0, local_steps=None, local_epochs=1, lr=0.1,
                                 optimizer="SGD", max_grad_norm=1e9, cuda=False, n_classes=CLASSES,
                                 **{"weight_decay": 0.0, **arguments})
    run, history, private = getattr(module, class_name)(sets, None, Net(True).double(), args), [], []
    update = run.update_global

    def recorded(*positional, **named):
        update(*positional, **named)
        history.append(flat(run.model))
        own = getattr(run, "hpms", getattr(run, "client_models", None))
        if own:
            private.append([flat(own[client]) for client in range(len(counts))])

    run.update_global = recorded
    run.train()
    return {"options": options, "counts": counts, "batch": 4, "epochs": 1, "min_steps": 5, "lr": 0.1,
            "momentum": arguments.get("momentum", 0.0), "cohorts": [list(range(len(counts)))] * 2,
            "parameters": history, **({"private": private} if private else {})}


def prepare(*repositories):
    """What old code needs of today's PyTorch."""
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
    return {"options": {"alpha": "0.3"}, "counts": counts, "batch": 20, "epochs": 4, "min_steps": 1, "lr": 0.1,
            "momentum": 0.0, "weight_decay": 0.01, "cohorts": cohorts[:-1],
            "parameters": [flat(model) for model in models]}


def main():
    prepare(*sys.argv[1:3])
    counts = [20, 28, 12]  # 5, 7 and 5 steps: the last one goes round
    with contextlib.redirect_stdout(sys.stderr):
        content = {
            "fedrs": released("fedrs", "FedRS", {"alpha": "0.5", "mask": "soft", "weights": "samples"}, counts,
                             alpha=0.5, momentum=0.9),
            "fednova": released("fednova", "FedNova", {}, counts, momentum=0.9, gmf=0.0, prox_mu=0.0),
            "scaffold": released("scaffold", "Scaffold", {"server_lr": "0.5"}, counts, glo_lr=0.5),
            "feddyn": feddyn(),
        }
    (HERE / "federated.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
