"""Ways to do one step of SGD in PyTorch, and the choice of the fastest one for a network."""
import torch
import torch.nn.functional as F
from torch import nn

from rivals.device import CUDA, now, recorded_by_shape

WAYS = ("eager", "compiled network", "compiled step",
        *(["CUDA graph", "compiled network as a CUDA graph"] if CUDA else []))


class Step:
    """One step on a network: cross-entropy, gradients, and an update of all parameters in one call."""

    def __init__(self, net: nn.Module, lr: float, momentum: float = 0.0, way: str = "eager"):
        self.net, self.lr = net, lr
        self.params = list(net.parameters())
        self.state = self.params + [b for b in net.buffers() if b.is_floating_point()]
        self.momentum = torch.optim.SGD(self.params, lr, momentum=momentum, fused=True) if momentum else None
        self.forward = torch.compile(net) if way.startswith("compiled network") else net
        self.whole = torch.compile(self.functional) if way == "compiled step" else None
        self.recorded = recorded_by_shape(self.step) if way.endswith("CUDA graph") else None
        if self.whole and (self.momentum or len(self.state) > len(self.params)):
            raise ValueError("a compiled step has neither momentum nor batch norms")

    def functional(self, params: tuple[torch.Tensor, ...], x: torch.Tensor, y: torch.Tensor):
        """Gradients and loss as one graph, so that the compiler may fuse across forward and backward."""
        names = [name for name, _ in self.net.named_parameters()]

        def loss_of(values):
            return F.cross_entropy(torch.func.functional_call(self.net, dict(zip(names, values)), (x,)), y)

        return torch.func.grad_and_value(loss_of)(params)

    def record(self, x: torch.Tensor, y: torch.Tensor) -> None:
        """Before the first step, so that what recording does to the model can be undone; momentum starts at zero."""
        before = [t.detach().clone() for t in self.state]
        self.recorded(x, y)
        for target, source in zip(self.state, before):
            target.detach().copy_(source)
        if self.momentum is not None:
            for state in self.momentum.state.values():
                state["momentum_buffer"].zero_()

    def __call__(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return self.recorded(x, y).clone() if self.recorded else self.step(x, y)

    def step(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        if self.momentum is not None:
            loss = F.cross_entropy(self.forward(x), y)
            self.momentum.zero_grad(set_to_none=not self.recorded)
            loss.backward()
            self.momentum.step()
            return loss.detach()
        if self.whole:
            gradients, loss = self.whole(tuple(p.detach() for p in self.params), x, y)
        else:
            loss = F.cross_entropy(self.forward(x), y)
            gradients = torch.autograd.grad(loss, self.params)
        with torch.no_grad():
            torch._foreach_add_(self.params, gradients, alpha=-self.lr)
        return loss.detach()


def fastest(candidates: dict[str, object], run, repeats: int = 3) -> tuple[str, dict[str, float]]:
    """Name of the candidate for which run(make()) takes the least time, and all their times. One that fails is out."""
    times, failures = {}, []
    for name, make in candidates.items():
        try:
            candidate = make()
            run(candidate)
            spans = []
            for _ in range(repeats):
                begin = now()
                run(candidate)
                spans.append(now() - begin)
            times[name] = min(spans)
        except Exception as error:  # torch.compile fails in many ways; eager PyTorch always is a candidate
            failures.append(f"{name}: {type(error).__name__}: {error}")
            print(failures[-1], flush=True)
    if not times:
        raise RuntimeError(failures[0])
    return min(times, key=times.get), times


def describe(chosen: str, times: dict[str, float]) -> str:
    others = ", ".join(f"{name} {1e3 * t:.3g} ms" for name, t in times.items())
    return f"{chosen} (of {others})"
