"""What released code makes of a tiny federation under algorithms in which clients have something of their own.

Usage: python3 own_models.py FOLDER [NAME...]      writes own_models.json beside this file (PyTorch, NumPy)

FOLDER holds checkouts as owner/name, at the commits below (github.com); with names, only those goldens are made anew.
The code runs as it is, in double precision: its whole programs in FedRep and LG-FedAvg. What it imports and this does
not need is replaced by empty modules. The federation is that of tiny.py; clients see whole epochs, as a second stage
begins with the first batch. Where that code is not what its paper says or what fedscape does:

FedRep     lgcollins/FedRep, by the authors. Weight decay, of weights only and not an option, is switched off. It also
           averages classifiers, which nobody uses: here the server keeps its first one.
LG-FedAvg  pliang279/LG-FedAvg, by the authors. The server has no features there: here it keeps its first ones.
FedBN      med-air/FedBN, by the authors: training and averages, which are in float32. The network has a batch norm.
APFL       lgcollins/FedRep, what trains a client: the program calls that with an argument it does not take, so that the
           mean of models is taken here. It mixes alpha v + alpha w, which is right for alpha = 1/2 alone. Momentum and
           weight decay, not options and shared by both models, are switched off. The code of APFL's authors
           (MLOPTPSU/FedTorch at ab8068d) is not the paper's algorithm: it mixes outputs, not models, moves w before it
           looks at v, and learns alpha once a round, with a regulariser. formulas.py has the adaptive alpha.
FedROD     TsingZ0/PFLlib; the authors' repository (hongyouc/Fed-RoD at b5050f4) is a page without code. Private heads
           begin as zeros, where PFLlib copies the generic head.
FedProto   yuetan031/FedProto, by the authors: training and means of prototypes. It collects prototypes while the model
           moves; here that code runs once more on the trained model, with a rate of 0. It takes the mean of clients'
           prototypes, the paper that of samples: here all clients have as many samples of a class, or none.
"""
import contextlib
import copy
import pathlib
import pickle
import runpy
import sys
import types
from unittest.mock import MagicMock

import numpy as np
import torch

import formula
from pfllib import pfllib
from tiny import (CLASSES, FEATURES, HIDDEN, Checkouts, Net, flat, golden, in_order, program, remade, replaced,
                  sgd_with, stand_in, tensors_of)

COUNTS = [20, 28, 24]
ROUNDS = 2
FIRST = flat(Net(False))
ENCODER = len(flat(Net(False), "encoder"))


class Keyed(Net):
    """The network with the list of the names of its layers' parameters."""

    weight_keys = [["encoder.0.weight", "encoder.0.bias"], [], [], ["classifier.weight"]]


def all_samples():
    """Of all clients, and the numbers of each one's."""
    held = [tensors_of(k, n) for k, n in enumerate(COUNTS)]
    data = torch.utils.data.TensorDataset(*(torch.cat(parts) for parts in zip(*held)))
    ends = np.cumsum(COUNTS)
    return data, {k: np.arange(ends[k] - n, ends[k]) for k, n in enumerate(COUNTS)}


def table(*_, **__):
    """Stands for pandas.DataFrame."""
    return types.SimpleNamespace(to_csv=lambda *_, **__: None)


def of_liang_and_collins(args, **content):
    """What both programs import: options, samples and network."""
    data, users = all_samples()
    args = types.SimpleNamespace(gpu=-1, dataset="mnist", model="mlp", num_users=len(COUNTS), frac=1.0, local_bs=4,
                                 lr=0.1, load_fed="n", test_freq=1, save_every=100, shard_per_user=1, **args)
    stand_in("pandas", DataFrame=table)
    stand_in("utils")
    stand_in("utils.options", args_parser=lambda: args)
    stand_in("utils.train_utils", get_data=lambda _: (data, data, users, users), read_data=None,
             get_model=lambda _: Keyed(False).double())
    stand_in("models.test", **content)
    return args, users


@contextlib.contextmanager
def collins(checkouts):
    with checkouts.code_of("lgcollins/FedRep", "d82e629") as code:
        stand_in("FedProx")
        stand_in("models.language_utils", __getattr__=lambda _: None)
        yield code


def fedrep(checkouts):
    history, classifiers = [], []

    def tested(model, *_, w_locals, **__):
        history.append(flat(model, "encoder") + FIRST[ENCODER:])
        classifiers.append([flat(copy.deepcopy(state), "classifier") for state in w_locals.values()])
        return 0.0, 0.0

    with collins(checkouts) as (root, source):
        of_liang_and_collins({"alg": "fedrep", "epochs": ROUNDS, "m_tr": 1000, "m_ft": 1000, "local_ep": 3,
                              "local_rep_ep": 1, "local_updates": 1000}, test_img_local_all=tested, test_img_local=None)
        with program(), sgd_with(weight_decay=0.0), replaced(np.random, shuffle=lambda _: None):
            pathlib.Path("save").mkdir()
            runpy.run_path(str(root / "main_fedrep.py"), run_name="__main__")
    return golden(source, COUNTS, {"head_steps": "2", "body_steps": "1"}, history[:ROUNDS], momentum=0.5,
                  clients=classifiers[ROUNDS - 1])  # in one round more it tunes classifiers


def lg_fedavg(checkouts):
    history, encoders = [], []

    def tested(models, *_, return_all=False, **__):
        if return_all:  # before the first round and after each
            history.append(FIRST[:ENCODER] + flat(models[0], "classifier"))
            encoders.append([flat(model, "encoder") for model in models])
            return np.zeros(len(COUNTS)), np.zeros(len(COUNTS))
        return 0.0, 0.0

    def of_all(model, *_, return_net=False):
        return (0.0, 0.0, model) if return_net else (0.0, 0.0)

    with checkouts.code_of("pliang279/LG-FedAvg", "7af0568") as (root, source):
        args, users = of_liang_and_collins(
            {"epochs": ROUNDS, "local_ep": 2, "num_layers_keep": 1, "iid": 0, "results_save": "tiny"},
            test_img_local_all=tested, test_img_avg_all=of_all, test_img_ensemble_all=lambda *_: (0.0, 0.0, 0.0),
            test_img_local=None)
        stand_in("tqdm", tqdm=None)
        with program():
            folder = pathlib.Path("save/mnist/mlp_iid0_num3_C1.0_le2/shard1/tiny")
            (folder / "fed").mkdir(parents=True)
            (folder / "dict_users.pkl").write_bytes(pickle.dumps((users, users)))
            torch.save(Keyed(False).double().state_dict(), folder / "fed" / args.load_fed)
            runpy.run_path(str(root / "main_lg.py"), run_name="__main__")
    return golden(source, COUNTS, {}, history[1:], epochs=2, momentum=0.5, clients=encoders[-1])


class NormedNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = torch.nn.Linear(FEATURES, HIDDEN)
        self.bn = torch.nn.BatchNorm1d(HIDDEN)
        self.classifier = torch.nn.Linear(HIDDEN, CLASSES, bias=False)
        with torch.no_grad():
            for stream, (name, tensor) in enumerate(parameters_of(self.state_dict()).items(), start=1):
                if "running" not in name:
                    centre = 1 if name == "bn.weight" else 0
                    tensor.copy_(torch.from_numpy(formula.values(stream, tuple(tensor.shape), centre, 0.5)))

    def forward(self, x):
        return self.classifier(torch.relu(self.bn(self.hidden(x))))


def parameters_of(state):
    return {name: tensor for name, tensor in state.items() if tensor.is_floating_point()}


def fedbn(checkouts):
    server, history = NormedNet().double(), []
    nets = [copy.deepcopy(server) for _ in COUNTS]
    loaders = [torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*tensors_of(k, n)), 4)
               for k, n in enumerate(COUNTS)]
    with checkouts.code_of("med-air/FedBN", "2fa38ad", "federated") as (_, source), \
            replaced(torch.Tensor, float=torch.Tensor.double):
        for name in ("nets", "utils"):
            stand_in(name, data_utils=None)
        stand_in("nets.models", DigitModel=None)
        stand_in("torchvision")
        stand_in("torchvision.transforms")
        import fed_digits
        fed_digits.client_num = len(nets)
        for _ in range(ROUNDS):
            for net, loader in zip(nets, loaders):
                fed_digits.train(net, loader, torch.optim.SGD(net.parameters(), 0.1), torch.nn.CrossEntropyLoss(),
                                 len(nets), "cpu")
            fed_digits.communication(types.SimpleNamespace(mode="fedbn"), server, nets, [1 / len(nets)] * len(nets))
            history.append(flat(parameters_of(server.state_dict())))
    return golden(source, COUNTS, {}, history, batch_norm=True,
                  clients=[flat(parameters_of(net.state_dict()), "bn") for net in nets])


def apfl(checkouts):
    history, server = [], Net(False).double()
    own = {k: copy.deepcopy(server.state_dict()) for k in range(len(COUNTS))}
    data, users = all_samples()
    args = types.SimpleNamespace(dataset="mnist", local_bs=4, local_ep=1, local_updates=1000, alpha_apfl=0.5,
                                 device="cpu")
    with collins(checkouts) as (_, source), in_order(), sgd_with(momentum=0.0, weight_decay=0.0):
        stand_in("models.test", test_img_local=None)
        from models.Update import LocalUpdateAPFL
        for _ in range(ROUNDS):
            trained = []
            for k in own:
                net = copy.deepcopy(server)
                state, own[k], _, _ = LocalUpdateAPFL(args, data, users[k]).train(net, w_local=own[k], idx=k, lr=0.1)
                own[k] = copy.deepcopy(own[k])
                trained.append(state)
            server.load_state_dict({key: torch.stack([state[key] for state in trained]).mean(0) for key in trained[0]})
            history.append(flat(server))
    return golden(source, COUNTS, {"alpha": "0.5"}, history, clients=[flat(state) for state in own.values()])


def fedrod(checkouts):
    def from_zeros(client):
        torch.nn.init.zeros_(client.head.weight)

    content, clients = pfllib(checkouts, "serverrod", "FedROD", COUNTS, {"tau": "1"}, from_zeros)
    return {**content, "clients": [flat(client.head) for client in clients]}


def fedproto(checkouts):
    counts, rounds, labels = [24, 16, 24], 3, "in_turn"

    class LogProbabilities(Net):
        def forward(self, x):
            features, logits = super().forward(x)
            return torch.log_softmax(logits, dim=1), features

    nets = [LogProbabilities(True).double() for _ in counts]
    data = [torch.utils.data.TensorDataset(*tensors_of(k, n, labels)) for k, n in enumerate(counts)]
    args = types.SimpleNamespace(device="cpu", local_bs=4, optimizer="sgd", lr=0.1, train_ep=1, ld=0.7, verbose=0,
                                 num_classes=CLASSES)
    still = types.SimpleNamespace(**{**vars(args), "lr": 0.0})
    with checkouts.code_of("yuetan031/FedProto", "97e42e2", "lib") as (_, source), in_order():
        stand_in("models", CNNFemnist=None)
        stand_in("femnist")
        stand_in("torchvision", datasets=None, transforms=MagicMock())
        stand_in("sampling", __getattr__=lambda _: None)
        from update import LocalUpdate
        from utils import agg_func, proto_aggregation
        prototypes = []
        for _ in range(rounds):
            own = {}
            for k, net in enumerate(nets):
                samples = range(counts[k])
                LocalUpdate(args, data[k], samples).update_weights_het(args, k, prototypes, net)
                seen = LocalUpdate(still, data[k], samples).update_weights_het(still, k, [], copy.deepcopy(net))[-1]
                own[k] = agg_func(seen)
            prototypes = proto_aggregation(own)
    return golden(source, counts, {"lambda": "0.7"}, [FIRST] * rounds, momentum=0.5, labels=labels,
                  server=[float(v) for c in range(CLASSES) for v in prototypes[c][0]],
                  clients=[flat(net) for net in nets])


def main():
    makers = {"fedrep": fedrep, "lg_fedavg": lg_fedavg, "fedbn": fedbn, "apfl": apfl, "fedrod": fedrod,
              "fedproto": fedproto}
    remade("own_models", makers, sys.argv[2:], Checkouts(sys.argv[1]))


if __name__ == "__main__":
    main()
