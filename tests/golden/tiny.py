"""The tiny federation that goldens of federated algorithms share, and what running others' code on it takes.

Samples, labels and first parameters come from formula.py; batches come in the order of the samples; everything is in
double precision unless a script says otherwise.
"""
import contextlib
import importlib.machinery
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import types

import numpy as np
import torch

import formula

FEATURES, HIDDEN, CLASSES = 6, 5, 3
HERE = pathlib.Path(__file__).parent.resolve()
STAND_IN = "stand-in"


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


def labels_of(client, count, law):
    """drawn: of the classes that a client has, where client 1 lacks the last one; in_turn: those one after the other;
    one: each client has a class of its own."""
    classes = CLASSES - 1 if client == 1 else CLASSES
    if law == "drawn":
        return formula.labels(20 + client, count, classes)
    return np.arange(count) % classes if law == "in_turn" else np.full(count, client % CLASSES)


def samples_of(client, count, law="drawn"):
    return formula.values(10 + client, (count, FEATURES)), labels_of(client, count, law)


def tensors_of(client, count, law="drawn"):
    return tuple(torch.from_numpy(array) for array in samples_of(client, count, law))


def flat(model, under=""):
    """Of the parameters whose names begin so."""
    state = model if isinstance(model, dict) else model.state_dict()
    return [float(v) for name, p in state.items() if name.startswith(under) for v in p.reshape(-1)]


def golden(source, counts, options, parameters, **more):
    """Rounds of all clients, `parameters` those of the server's model after each of them."""
    return {"source": source, "options": options, "counts": counts, "batch": 4, "epochs": 1, "min_steps": 1, "lr": 0.1,
            "momentum": 0.0, "cohorts": [list(range(len(counts)))] * len(parameters), "parameters": parameters, **more}


def write(name, content):
    (HERE / f"{name}.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


def remade(name, makers, only, *arguments):
    """Writes what all makers make of the arguments; with names in `only`, what those make, beside what is there."""
    torch.set_num_threads(1)
    content = json.loads((HERE / f"{name}.json").read_text()) if only else {}
    with contextlib.redirect_stdout(sys.stderr):
        for key, make in makers.items():
            if only and key not in only:
                continue
            np.random.seed(0)  # the order of the clients, and so of sums, is drawn in some code
            random.seed(0)
            content[key] = make(*arguments)
    write(name, {key: content[key] for key in makers if key in content})


def stand_in(name, **content):
    module = types.ModuleType(name)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None, origin=STAND_IN)
    module.__dict__.update(content)
    sys.modules[name] = module
    return module


@contextlib.contextmanager
def replaced(owner, **attributes):
    """For a while, attributes of `owner` are others."""
    kept = {name: getattr(owner, name) for name in attributes}
    for name, value in attributes.items():
        setattr(owner, name, value)
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(owner, name, value)


class Checkouts:
    """Checkouts of GitHub repositories in a folder, as owner/name."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()

    @contextlib.contextmanager
    def code_of(self, repository, commit, inside="."):
        """For a while, modules of the repository's folder `inside` can be imported. Gives that folder and the source's
        name."""
        root = self.folder / repository
        head = subprocess.run(["git", "-C", root, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
        if not head.stdout.startswith(commit):
            raise SystemExit(f"{root} is at {head.stdout.strip()}, not at {commit}")
        modules, path = dict(sys.modules), list(sys.path)
        sys.path.insert(0, str(root / inside))
        try:
            yield root / inside, f"github.com/{repository} at {commit}"
        finally:
            sys.path[:] = path
            for name, module in list(sys.modules.items()):
                if module is modules.get(name) or not self.is_of_code(module):
                    continue
                del sys.modules[name]
                if name in modules:
                    sys.modules[name] = modules[name]

    def is_of_code(self, module):
        spec = getattr(module, "__spec__", None)
        return spec and (spec.origin == STAND_IN or str(spec.origin).startswith(str(self.folder)))


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


def loader_in_order(dataset, batch_size=1, drop_last=False, **_):
    """Stands for torch.utils.data.DataLoader."""
    items = [dataset[i] for i in range(len(dataset))]
    if drop_last:
        assert len(items) % batch_size == 0
    return InOrder(torch.stack([x for x, _ in items]), torch.stack([torch.as_tensor(y) for _, y in items]), batch_size)


def in_order():
    return replaced(torch.utils.data, DataLoader=loader_in_order)


def sgd_with(**options):
    """For a while, torch.optim.SGD takes these options in place of its caller's."""
    class Sgd(torch.optim.SGD):
        def __init__(self, params, *positional, **named):
            groups = [{key: value for key, value in group.items() if key not in options} if isinstance(group, dict)
                      else group for group in params]
            super().__init__(groups, *positional, **{**named, **options})

    return replaced(torch.optim, SGD=Sgd)


def on_cpu():
    """For a while, what is sent to a GPU stays."""
    def stay(self, *_):
        return self

    def to(move):
        return lambda self, *where, **named: self if where and str(where[0]).startswith("cuda") else move(
            self, *where, **named)

    stack = contextlib.ExitStack()
    for owner in (torch.Tensor, torch.nn.Module):
        stack.enter_context(replaced(owner, cuda=stay, to=to(owner.to)))
    return stack


@contextlib.contextmanager
def program(*arguments):
    """In a folder of its own, with the command line of a program."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder, in_order(), on_cpu():
        os.chdir(folder)
        sys.argv[1:], kept = [str(argument) for argument in arguments], sys.argv[1:]
        try:
            yield
        finally:
            os.chdir(before)
            sys.argv[1:] = kept
