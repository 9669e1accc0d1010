"""BlazeFL's own FedAvg with a pool of threads, each training a client with one thread of PyTorch."""
import importlib.metadata
import sys
import time

import torch
from blazefl.contrib.fedavg import FedAvgBaseServerHandler, FedAvgThreadPoolClientTrainer
from torch.utils.data import DataLoader, TensorDataset

from rivals.inputs import Inputs


class Dataset:
    """PartitionedDataset over tensors; batches in the order of the samples."""

    def __init__(self, inputs: Inputs):
        self.parts = [TensorDataset(x, y) for x, y in inputs.clients()]

    def get_dataset(self, type_, cid):
        return self.parts[cid]

    def set_dataset(self, type_, cid, dataset) -> None:
        self.parts[cid] = dataset

    def get_dataloader(self, type_, cid, batch_size, generator=None) -> DataLoader:
        return DataLoader(self.parts[cid], batch_size=batch_size)


class Models:
    def __init__(self, inputs: Inputs):
        self.inputs = inputs

    def select_model(self, name: str) -> torch.nn.Module:
        return self.inputs.network().to(memory_format=torch.contiguous_format)  # it flattens by view(-1)


class Rival:
    def __init__(self, inputs: Inputs, rank: int, ranks: int):
        self.inputs, self.w, self.threads = inputs, inputs.workload, torch.get_num_threads()
        torch.set_num_threads(1)
        gil = "with" if getattr(sys, "_is_gil_enabled", lambda: True)() else "without"
        self.note = (f"blazefl {importlib.metadata.version('blazefl')}, {self.threads} thread(s), Python "
                     f"{sys.version.split()[0]} {gil} GIL")
        self.timed = self.federation()
        self.rounds(self.timed, 1)

    def federation(self):
        w, data, models = self.w, Dataset(self.inputs), Models(self.inputs)
        clients = len(w.data.sizes)
        server = FedAvgBaseServerHandler(models, w.network, data, 10**9, clients, 1.0, "cpu", w.batch, 0)
        trainer = FedAvgThreadPoolClientTrainer(models, w.network, data, "cpu", clients, w.epochs, w.batch, w.lr, 0,
                                                self.threads)
        return server, trainer

    def rounds(self, federation, count: int) -> None:
        server, trainer = federation
        for _ in range(count):
            trainer.local_process(server.downlink_package(), server.sample_clients())
            for package in trainer.uplink_package():
                server.load(package)

    def losses(self) -> dict[str, float]:
        federation = self.federation()
        self.rounds(federation, self.w.check_rounds)
        return {"test": self.inputs.test_loss(federation[0].model)}

    def measure(self) -> float:
        begin = time.perf_counter()
        self.rounds(self.timed, self.w.rounds)
        return (time.perf_counter() - begin) / self.w.rounds
