"""pfl-research's own FederatedAveraging and SimulatedBackend; with several processes its own all-reduce (gloo)."""
import importlib
import sys
import time
import types

import torch
import torch.distributed
import torch.nn.functional as F


def stand_in(name: str, **names) -> None:
    """A module that pfl imports and this workload never calls, where it is not installed."""
    try:
        importlib.import_module(name)
    except ImportError:
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__dict__.update(names)


stand_in("multiprocess", **vars(importlib.import_module("multiprocessing")))
stand_in("prv_accountant", LaplaceMechanism=None, PoissonSubsampledGaussianMechanism=None, PRVAccountant=None)
for part in ("dp_event", "pld", "rdp", "pld.privacy_loss_distribution", "rdp.rdp_privacy_accountant"):
    stand_in("dp_accounting." + part)
stand_in("dp_accounting", **{part: sys.modules["dp_accounting." + part] for part in ("dp_event", "pld", "rdp")})
for whole, part in (("pld", "privacy_loss_distribution"), ("rdp", "rdp_privacy_accountant")):
    setattr(sys.modules["dp_accounting." + whole], part, sys.modules[f"dp_accounting.{whole}.{part}"])
if not hasattr(torch.distributed, "reduce_op"):  # gone from newer versions of PyTorch
    torch.distributed.reduce_op = torch.distributed.ReduceOp

from pfl.aggregate.simulate import SimulatedBackend  # noqa: E402
from pfl.algorithm.federated_averaging import FederatedAveraging  # noqa: E402
from pfl.algorithm.base import NNAlgorithmParams  # noqa: E402
from pfl.callback.base import TrainingProcessCallback  # noqa: E402
from pfl.data.dataset import Dataset  # noqa: E402
from pfl.data.federated_dataset import FederatedDataset  # noqa: E402
from pfl.hyperparam import NNEvalHyperParams, NNTrainHyperParams  # noqa: E402
from pfl.metrics import Metrics  # noqa: E402
from pfl.model.pytorch import PyTorchModel  # noqa: E402

from rivals.inputs import Inputs  # noqa: E402


def with_loss(net: torch.nn.Module) -> torch.nn.Module:
    net.train()
    net.loss = lambda x, y: F.cross_entropy(net(x), y)
    net.metrics = lambda x, y: {}
    return net


class Clock(TrainingProcessCallback):
    """When training began and when each round ended."""

    def on_train_begin(self, *, model):
        self.times = [time.perf_counter()]
        return Metrics()

    def after_central_iteration(self, aggregate_metrics, model, *, central_iteration):
        self.times.append(time.perf_counter())
        return False, Metrics()


class Rival:
    def __init__(self, inputs: Inputs, rank: int, ranks: int):
        import pfl
        self.inputs, self.w = inputs, inputs.workload
        users = {k: Dataset([x, y], user_id=str(k)) for k, (x, y) in enumerate(inputs.clients())}
        self.next_user = 0
        self.backend = SimulatedBackend(training_data=FederatedDataset(users.__getitem__, self.in_turn), val_data=None)
        self.timed = self.model(self.w.dropout)
        self.note = f"pfl {getattr(pfl, '__version__', '')}, {ranks} process(es)"
        self.train(self.timed, 2)

    def in_turn(self) -> int:
        self.next_user += 1
        return (self.next_user - 1) % len(self.w.data.sizes)

    def model(self, dropout: bool) -> PyTorchModel:
        net = with_loss(self.inputs.network(dropout))
        return PyTorchModel(net, torch.optim.SGD, torch.optim.SGD(net.parameters(), lr=1.0))

    def train(self, model: PyTorchModel, rounds: int) -> list[float]:
        """When it began and when each round ended. Only the first one takes metrics, of which there are none."""
        clock, cohort = Clock(), len(self.w.data.sizes)
        FederatedAveraging().run(
            NNAlgorithmParams(central_num_iterations=rounds, evaluation_frequency=10**9, train_cohort_size=cohort,
                              val_cohort_size=0),
            self.backend, model,
            NNTrainHyperParams(local_num_epochs=self.w.epochs, local_learning_rate=self.w.lr,
                               local_batch_size=self.w.batch),
            NNEvalHyperParams(local_batch_size=None), callbacks=[clock], send_metrics_to_platform=False)
        return clock.times

    def losses(self) -> dict[str, float]:
        model = self.model(False)
        self.train(model, self.w.check_rounds)
        return {"test": self.inputs.test_loss(model.pytorch_model)}

    def measure(self) -> float:
        times = self.train(self.timed, self.w.rounds)
        return (times[-1] - times[0]) / self.w.rounds
