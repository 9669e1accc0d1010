"""What the formulas of papers make of a tiny federation, where no released code does what they say.

Usage: python3 formulas.py [NAME...]      writes formulas.json beside this file (PyTorch, NumPy)

Written from the papers' formulas, in double precision, on the federation of tiny.py; with names, only those goldens
are made anew. Why not from released code:

APFL    with adaptive alpha (Deng et al., 2020): own_models.py says where the authors' code departs from the paper.
FedOpt  (Reddi et al., ICLR 2021): the authors' code is for TensorFlow, PyTorch's Adam corrects biases, and FedExP's
        release adds the small constant under the root.
CCVR    (Luo et al., NeurIPS 2021): the authors have released nothing, and what others have (smduan/Fed-CCVR at e8f396d)
        mixes the features of classes. Virtual features are drawn at random; here their covariances are 0, so that the
        calibration, in batches of all of them, is one by the classes' means.
"""
import functools
import sys

import numpy as np
import torch
import torch.nn.functional as F

from tiny import CLASSES, HIDDEN, Net, flat, golden, remade, tensors_of

COUNTS = [20, 28, 12]
BATCH, LR = 4, 0.1
PAPER = "formulas of the paper"


def vector(net):
    return torch.nn.utils.parameters_to_vector(net.parameters()).detach()


def gradient(net, at, x, y):
    """Of the mean cross-entropy at a vector of parameters."""
    torch.nn.utils.vector_to_parameters(at, net.parameters())
    loss = F.cross_entropy(net(x), y)
    return torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss, list(net.parameters()))])


def batches(client):
    x, y = tensors_of(client, COUNTS[client])
    return [(x[i:i + BATCH], y[i:i + BATCH]) for i in range(0, len(y), BATCH)]


def apfl_adaptive():
    net = Net(False).double()
    server, history = vector(net), []
    own, alpha = {k: server for k in range(len(COUNTS))}, {k: 0.4 for k in range(len(COUNTS))}
    for _ in range(3):
        received = []
        for k in own:
            w = server
            for x, y in batches(k):
                g = gradient(net, alpha[k] * own[k] + (1 - alpha[k]) * w, x, y)
                step_of_v, step_of_alpha = LR * alpha[k] * g, LR * float(g @ (own[k] - w))
                w = w - LR * gradient(net, w, x, y)
                own[k], alpha[k] = own[k] - step_of_v, min(max(alpha[k] - step_of_alpha, 0.0), 1.0)
            received.append(w)
        server = torch.stack(received).mean(0)
        history.append(server.tolist())
    assert all(abs(a - 0.4) > 1e-3 and 0 < a < 1 for a in alpha.values())
    return golden(PAPER, COUNTS, {"alpha": "0.4", "adaptive": "true"}, history,
                  clients=[own[k].tolist() + [alpha[k]] for k in own])


def fedopt(kind):
    rate, beta1, beta2, tau = 0.03, 0.8, 0.9, 0.01
    net = Net(False).double()
    server, history = vector(net), []
    m, v = torch.zeros_like(server), torch.full_like(server, tau**2)
    for _ in range(4):
        received = []
        for k in range(len(COUNTS)):
            w = server
            for x, y in batches(k):
                w = w - LR * gradient(net, w, x, y)
            received.append(w)
        d = torch.stack(received).mean(0) - server
        m = beta1 * m + (1 - beta1) * d
        v = {"adagrad": lambda: v + d**2,
             "yogi": lambda: v - (1 - beta2) * d**2 * torch.sign(v - d**2),
             "adam": lambda: beta2 * v + (1 - beta2) * d**2}[kind]()
        server = server + rate * m / (v.sqrt() + tau)
        history.append(server.tolist())
    return golden(PAPER, COUNTS, {"server_optimizer": kind, "server_lr": str(rate), "server_beta1": str(beta1),
                                  "server_beta2": str(beta2), "server_tau": str(tau)}, history)


def pooled(sent):
    """(n, mean, covariance) of a class from those that clients send."""
    total = sum(n for n, _, _ in sent)
    mean = sum(n * mu for n, mu, _ in sent) / total
    second = sum((n - 1) * sigma + n * np.outer(mu, mu) for n, mu, sigma in sent)
    return total, mean, (second - total * np.outer(mean, mean)) / (total - 1)


def ccvr():
    net, epochs, lr, momentum = Net(True).double(), 10, 0.5, 0.9
    sent = {c: [] for c in range(CLASSES)}
    for k, n in enumerate(COUNTS):
        x, y = tensors_of(k, n)
        features = net(x)[0].detach()
        for c in range(CLASSES):
            h = features[y == c].numpy()
            if len(h) > 0:
                sent[c].append((len(h), h.mean(0), np.cov(h.T) if len(h) > 1 else np.zeros((HIDDEN, HIDDEN))))
    classes = [pooled(sent[c]) for c in range(CLASSES)]
    means = torch.from_numpy(np.stack([mean for _, mean, _ in classes]))
    optimizer = torch.optim.SGD(net.classifier.parameters(), lr, momentum)
    for _ in range(epochs):
        optimizer.zero_grad()
        F.cross_entropy(net.classifier(means), torch.arange(CLASSES)).backward()
        optimizer.step()
    lower = np.tril_indices(HIDDEN)
    return {**golden(PAPER, COUNTS, {}, []), "samples": [n for n, _, _ in classes],
            "mean": means.reshape(-1).tolist(), "covariance": [float(v) for _, _, s in classes for v in s[lower]],
            "calibration": {"calibration-epochs": str(epochs), "calibration-lr": str(lr),
                            "calibration-momentum": str(momentum)},
            "calibrated": flat(net)}


def main():
    servers = {kind: functools.partial(fedopt, kind) for kind in ("adam", "yogi", "adagrad")}
    makers = {"apfl_adaptive": apfl_adaptive, **servers, "ccvr": ccvr}
    remade("formulas", makers, sys.argv[1:])


if __name__ == "__main__":
    main()
