"""FedAvg in PyTorch with all clients side by side: torch.func.vmap over stacked weights, where clients hold equally many
samples and the network has no batch norms; compiled or as a CUDA graph where that is the faster."""
import torch
import torch.nn.functional as F

from rivals.device import CUDA, DEVICE, now, recorded_by_shape
from rivals.inputs import Inputs
from rivals.steps import describe, fastest


class Stack:
    """One step on the stacked parameters of all clients, in place; `way` as in steps.py."""

    def __init__(self, net: torch.nn.Module, clients: int, lr: float, way: str):
        if any(True for _ in net.buffers()):
            raise ValueError("vmap over batch norms in training is left out")
        self.net, self.lr = net, lr
        self.names = [name for name, _ in net.named_parameters()]
        self.start = [p.detach().clone() for p in net.parameters()]
        self.params = [p.expand(clients, *p.shape).contiguous() for p in self.start]
        gradients = torch.func.vmap(torch.func.grad_and_value(self.loss), randomness="different")
        self.gradients = torch.compile(gradients) if way.startswith("compiled") else gradients
        self.step = recorded_by_shape(self.eager) if way.endswith("CUDA graph") else self.eager

    def loss(self, params: tuple[torch.Tensor, ...], x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(torch.func.functional_call(self.net, dict(zip(self.names, params)), (x,)), y)

    @torch.no_grad()
    def eager(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        gradients, losses = self.gradients(tuple(self.params), x, y)
        torch._foreach_add_(self.params, gradients, alpha=-self.lr)
        return losses.sum()

    def reset(self) -> None:
        for stacked, start in zip(self.params, self.start):
            stacked.copy_(start.expand_as(stacked))

    def average(self) -> None:
        for start, stacked in zip(self.start, self.params):
            start.copy_(stacked.mean(0))


class Rival:
    def __init__(self, inputs: Inputs, rank: int, ranks: int):
        self.inputs, self.w = inputs, inputs.workload
        sizes = set(self.w.data.sizes)
        if len(sizes) != 1:
            raise ValueError("clients of different sizes")
        clients = inputs.clients()
        x, y = torch.stack([c[0] for c in clients]), torch.stack([c[1] for c in clients])
        self.batches = [(x[:, i:i + self.w.batch].contiguous(), y[:, i:i + self.w.batch].contiguous())
                        for i in range(0, sizes.pop(), self.w.batch)]
        ways = ("eager", "compiled", *(["CUDA graph", "compiled as a CUDA graph"] if CUDA else []))
        way, times = fastest({way: lambda way=way: self.stack(way, self.w.dropout) for way in ways},
                             lambda stack: stack.step(*self.batches[0]))
        self.timed, self.checked = self.stack(way, self.w.dropout), self.stack(way, False)
        self.note = f"PyTorch {torch.__version__}, {describe(way, times)} for a step of {len(clients)} clients"
        self.round(self.timed)

    def stack(self, way: str, dropout: bool) -> Stack:
        stack = Stack(self.inputs.network(dropout).train(), len(self.w.data.sizes), self.w.lr, way)
        if way.endswith("CUDA graph"):  # recording moves the parameters; every round resets them
            for x, y in self.batches:
                stack.step(x, y)
        return stack

    @torch.no_grad()
    def round(self, stack: Stack) -> float:
        stack.reset()
        loss = torch.zeros((), device=DEVICE)
        for _ in range(self.w.epochs):
            for x, y in self.batches:
                loss += stack.step(x, y)
        stack.average()
        return float(loss) / (self.w.epochs * len(self.batches) * len(self.w.data.sizes))

    def losses(self) -> dict[str, float]:
        losses = {f"round {r + 1}": self.round(self.checked) for r in range(self.w.check_rounds)}
        net = self.inputs.network()
        with torch.no_grad():
            for target, source in zip(net.parameters(), self.checked.start):
                target.copy_(source)
        return losses | {"test": self.inputs.test_loss(net)}

    def measure(self) -> float:
        begin = now()
        for _ in range(self.w.rounds):
            self.round(self.timed)
        return (now() - begin) / self.w.rounds
