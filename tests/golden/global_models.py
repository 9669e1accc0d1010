"""What released code makes of a tiny federation under algorithms whose server has a model for all.

Usage: python3 global_models.py FOLDER [NAME...]      writes global_models.json beside this file (PyTorch, NumPy)

FOLDER holds checkouts as owner/name, at the commits below (github.com); with names, only those goldens are made anew.
The code runs as it is, in double precision: its whole programs in MOON and FedExP. What it imports and this does not
need is replaced by empty modules. The federation is that of tiny.py. Where that code is not what its paper says or
what fedscape does:

MOON      QinbinLi/MOON, by the authors. Without projection head, by an option. Before there is a previous model the
          contrast has one class and no gradient, as with one that is the received model.
FedProx   of MOON's program; the authors' code is for TensorFlow. That of lxcnju/FedRepo has another penalty, which is an
          option here.
FedExP    Divyansh03/FedExP, by the authors. Learning rate and eps decay by the round: both are told by round. eps
          comes times the size of the cohort. Its metrics are of the mean of two models, which this does not see.
FedSAM    debcaldarola/fedsam (Caldarola, Caputo and Ciccone, ECCV 2022), who name the same algorithm so; no code by Qu
          et al. was found.
FedAwS    lxcnju/FedRepo; the authors have released none (google-research/federated spreads out embeddings of dual
          encoders, another loss). The mean over all C^2 pairs, where fedscape has the paper's sum: rate is divided by
          C^2. Its server steps with momentum: that of torch.optim.SGD is switched off.
FedMMD    lxcnju/FedRepo, whose kernels fedscape has.
FedAvgM   lxcnju/FedRepo: FedOpt whose server has SGD with momentum. Its Adam corrects biases, which the paper's does
          not: formulas.py has those.
FedLC     TsingZ0/PFLlib; the authors' code cannot be had. It takes class counts of all clients together, the paper
          those of the client: they are put in its place.
balanced softmax: jiawei-ren/BalancedMetaSoftmax-Classification, the authors' loss, as that of PFLlib's FedAvg.
"""
import logging
import os
import runpy
import sys
import types

import numpy as np
import torch

from federated import prepare, released
from pfllib import pfllib
from tiny import (CLASSES, Checkouts, InOrder, Net, flat, golden, in_order, program, remade, replaced, sgd_with,
                  stand_in, tensors_of)

COUNTS = [20, 28, 12]


def of_moon(checkouts, system, options, *flags, **more):
    """Rounds of MOON's program; gives the golden and the clients' models."""
    held = {range(k, k + n): tensors_of(k, n) for k, n in enumerate(COUNTS)}  # by what stands for the client's indices
    history = []

    def get_dataloader(_, __, batch, ___, indices=None):
        loader = InOrder(*held[indices], batch) if indices else "all"
        return loader, "test", [], []

    def compute_accuracy(model, loader, get_confusion_matrix=False, **_):
        if loader == "all":  # of the server's model after a round
            history.append(flat(model))
        return (0.0, None, 0.0) if get_confusion_matrix else (0.0, 0.0)

    class Noheader(Net):
        def __init__(self, *_):
            super().__init__(True)
            self.double()

        def forward(self, x):
            features, logits = super().forward(x)
            return features, features, logits

    with checkouts.code_of("QinbinLi/MOON", "8fcba3c") as (root, source):
        stand_in("model", ModelFedCon_noheader=Noheader)
        stand_in("utils", logger=logging.getLogger(), mkdirs=lambda path: os.makedirs(path, exist_ok=True),
                 get_dataloader=get_dataloader, compute_accuracy=compute_accuracy,
                 partition_data=lambda *_, **__: (None, np.arange(CLASSES), None, None, dict(enumerate(held)), None))
        with program("--alg", system, "--use_project_head", 0, "--dataset", "cifar10", "--n_parties", len(COUNTS),
                     "--comm_round", 3, "--epochs", 1, "--batch-size", 4, "--lr", 0.1, "--reg", 0.01, "--device", "cpu",
                     *flags):
            nets = runpy.run_path(str(root / "main.py"), run_name="__main__")["nets"]
    return golden(source, COUNTS, {**options, "weights": "samples"}, history, momentum=0.9, weight_decay=0.01,
                  **more), nets.values()


def moon(checkouts):
    content, nets = of_moon(checkouts, "moon", {"mu": "2", "temperature": "0.7"}, "--mu", 2, "--temperature", 0.7)
    return {**content, "clients": [flat(net) for net in nets]}


def fedprox(checkouts):
    return of_moon(checkouts, "fedprox", {"prox_mu": "0.5"}, "--mu", 0.5, penalty="fedprox")[0]


def fedexp(checkouts):
    counts, labels = [60, 70, 80], "one"  # clients that disagree, so that the server does extrapolate
    history = []
    with checkouts.code_of("Divyansh03/FedExP", "34b05a2") as (root, source):
        stand_in("matplotlib")
        stand_in("matplotlib.pyplot")
        stand_in("torchvision", datasets=None, models=None, transforms=types.SimpleNamespace(
            Compose=lambda *_: None, RandomCrop=lambda *_, **__: None, RandomHorizontalFlip=lambda: None))
        stand_in("torchvision.models")
        sets = [torch.utils.data.TensorDataset(*tensors_of(k, n, labels)) for k, n in enumerate(counts)]
        stand_in("util_data", get_dataset=lambda *_: (sets, None))
        stand_in("util_models", get_model=lambda *_: Net(False).double())
        with program("--seed", 1, "--algorithm", "fedexp", "--dataset", "EMNIST", "--model", "tiny", "--num_clients", 3,
                     "--num_participating_clients", 3, "--num_rounds", 1, "--alpha", 0):
            import util_general

            def test_img(model, *_):
                history.append(flat(model))
                return 0.0, 0.0

            util_general.test_img = test_img
            end = runpy.run_path(str(root / "main.py"), run_name="__main__")
    assert min(end["eta_g_tmp"]) > 1.1
    by_round = [{"lr": 0.1 * decay, "options": {"eps": repr(len(counts) * 0.1 * decay**2)}}
                for decay in (end["decay"], end["decay"]**2)]
    return golden(source, counts, {"weights": "samples"}, [history[0], flat(end["net_glob"])], batch=50,
                  local_steps=20, weight_decay=end["weight_decay"], clip=end["max_norm"], labels=labels,
                  by_round=by_round)


def fedsam(checkouts):
    class Model(Net):
        device, size = "cpu", 0

    rounds, history = 2, []
    model = Model(False).double()
    with checkouts.code_of("debcaldarola/fedsam", "64bbf93", "models") as (_, source):
        stand_in("tqdm", tqdm=None)
        with in_order(), replaced(torch, FloatTensor=torch.DoubleTensor):
            from clients.sam_client import SAMClient
            from servers.fedavg_server import Server
            clients = []
            for k, n in enumerate(COUNTS):
                data = torch.utils.data.TensorDataset(*tensors_of(k, n))
                clients.append(SAMClient(0, k, 0.1, 0.01, 4, 0.9, data, data, model, rho=0.3, eta=0.0, device="cpu"))
            server = Server(model)
            for _ in range(rounds):
                server.train_model(num_epochs=1, batch_size=4, clients=clients)
                server.update_model()
                history.append(flat(server.model))
    return golden(source, COUNTS, {"rho": "0.3", "weights": "samples"}, history, momentum=0.9, weight_decay=0.01)


def of_fedrepo(checkouts, *arguments, **options):
    with checkouts.code_of("lxcnju/FedRepo", "617ee01") as (root, source):
        prepare(root)
        return released(source, *arguments, COUNTS, **options)


def fedaws(checkouts):
    rate, steps = 2.0, 4
    with sgd_with(momentum=0.0):
        return of_fedrepo(checkouts, "fedaws", "FedAws",
                          {"margin": "0.8", "rate": repr(rate / CLASSES**2), "steps": str(steps)}, momentum=0.0,
                          last="update_global_classifier", margin=0.8, aws_lr=rate, aws_steps=steps)


def fedmmd(checkouts):
    return of_fedrepo(checkouts, "fedreg", "FedReg", {"lambda": "0.8"}, reg_way="fedmmd", reg_lamb=0.8, momentum=0.9)


def fedprox_smooth_l1(checkouts):
    return {**of_fedrepo(checkouts, "fedreg", "FedReg", {"prox_mu": "20", "prox_kind": "smooth_l1"}, reg_way="fedprox",
                         reg_lamb=20.0, momentum=0.9), "penalty": "fedprox"}


def fedavgm(checkouts):
    return of_fedrepo(checkouts, "fedopt", "FedOpt",
                      {"server_optimizer": "momentum", "server_lr": "0.6", "server_beta1": "0.9"},
                      glo_optimizer="SGD", glo_lr=0.6, momentum=0.9)


def class_counts(client):
    return torch.bincount(tensors_of(client, COUNTS[client])[1], minlength=CLASSES).double()


def fedlc(checkouts):
    def by_own_counts(client):
        client.calibration = 1.5 * class_counts(client.id)**-0.25

    return pfllib(checkouts, "serverlc", "FedLC", COUNTS, {"tau": "1.5"}, by_own_counts, tau=1.5)[0]


def balanced_softmax(checkouts):
    with checkouts.code_of("jiawei-ren/BalancedMetaSoftmax-Classification", "34a61e4", "loss") as (_, source):
        from BalancedSoftmaxLoss import balanced_softmax_loss

    def balanced(client):
        counts = class_counts(client.id)
        client.loss = lambda logits, labels: balanced_softmax_loss(labels, logits, counts, "mean")

    content = pfllib(checkouts, "serveravg", "FedAvg", COUNTS, {"tau": "1"}, balanced)[0]
    return {**content, "source": f"{source} in {content['source']}"}


def main():
    makers = {"moon": moon, "fedprox": fedprox, "fedprox_smooth_l1": fedprox_smooth_l1, "fedexp": fedexp,
              "fedsam": fedsam, "fedaws": fedaws, "fedmmd": fedmmd, "fedavgm": fedavgm, "fedlc": fedlc,
              "balanced_softmax": balanced_softmax}
    remade("global_models", makers, sys.argv[2:], Checkouts(sys.argv[1]))


if __name__ == "__main__":
    main()
