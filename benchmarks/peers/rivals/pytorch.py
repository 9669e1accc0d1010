"""FedAvg in PyTorch as its experts would write it: one model reused for all clients, data resident as channels-last
tensors, batches as views, whole-model foreach calls, torch.compile where it is the faster."""
import functools

import torch
import torch.distributed

from rivals.device import DEVICE, now
from rivals.inputs import Inputs
from rivals.steps import WAYS, Step, describe, fastest


class Rival:
    def __init__(self, inputs: Inputs, rank: int, ranks: int):
        self.inputs, self.w, self.rank, self.ranks = inputs, inputs.workload, rank, ranks
        if ranks > 1:
            torch.distributed.init_process_group("gloo")
        w = self.w
        self.clients = [list(zip(x.split(w.batch), y.split(w.batch))) for x, y in inputs.clients()]
        ways = {way: functools.partial(self.step, way, w.dropout) for way in WAYS}
        sample = self.clients[rank][:4]
        way, times = fastest(ways, lambda step: [step(x, y) for x, y in sample])
        if ranks > 1:  # all ranks take the way of rank 0, so that they finish together
            ways_of = [way]
            torch.distributed.broadcast_object_list(ways_of)
            way = ways_of[0]
        self.timed, self.checked = self.step(way, w.dropout), self.step(way, False)
        self.note = f"PyTorch {torch.__version__}, {describe(way, times)} for {len(sample)} steps"
        self.round(self.timed)

    def step(self, way: str, dropout: bool) -> Step:
        step = Step(self.inputs.network(dropout).train(), self.w.lr, way=way)
        if step.recorded:
            for x, y in {x.shape: (x, y) for batches in self.clients for x, y in batches}.values():
                step.record(x, y)
        return step

    def round(self, step: Step) -> float:
        """Trains every client from the model in `step`, leaves their mean there; returns the mean loss of a step."""
        start = [t.detach().clone() for t in step.state]
        mean = [torch.zeros_like(t) for t in start]
        loss, steps = torch.zeros((), device=DEVICE), 0
        for batches in self.clients[self.rank::self.ranks]:
            for target, source in zip(step.state, start):
                target.detach().copy_(source)
            for _ in range(self.w.epochs):
                for x, y in batches:
                    loss += step(x, y)
                    steps += 1
            with torch.no_grad():
                torch._foreach_add_(mean, step.state, alpha=1 / len(self.clients))
        if self.ranks > 1:
            self.reduce(mean)
            counted = torch.tensor([loss.item(), steps])
            torch.distributed.all_reduce(counted)
            loss, steps = counted.tolist()
        with torch.no_grad():
            for target, source in zip(step.state, mean):
                target.copy_(source)
        return float(loss) / steps

    def reduce(self, tensors: list[torch.Tensor]) -> None:
        flat = torch._utils._flatten_dense_tensors(tensors)
        torch.distributed.all_reduce(flat)
        for tensor, part in zip(tensors, torch._utils._unflatten_dense_tensors(flat, tensors)):
            tensor.copy_(part)

    def losses(self) -> dict[str, float]:
        losses = {f"round {r + 1}": self.round(self.checked) for r in range(self.w.check_rounds)}
        return losses | {"test": self.inputs.test_loss(self.checked.net)}

    def measure(self) -> float:
        begin = now()
        for _ in range(self.w.rounds):
            self.round(self.timed)
        return (now() - begin) / self.w.rounds
