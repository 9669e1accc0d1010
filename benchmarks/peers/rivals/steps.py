"""Ways to do one step of SGD in PyTorch, and the choice of the fastest one for a network."""
import time

import torch
import torch.nn.functional as F
from torch import nn

COMPILERS = {"eager": None, "compiled": "default", "compiled, autotuned": "max-autotune-no-cudagraphs"}


class Step:
    """One step on a network: cross-entropy, gradients, and an update of all parameters in one call."""

    def __init__(self, net: nn.Module, lr: float, momentum: float = 0.0, way: str = "eager"):
        self.net, self.lr, self.way = net, lr, way
        self.params = list(net.parameters())
        self.state = self.params + [b for b in net.buffers() if b.is_floating_point()]
        mode = COMPILERS[way]
        self.forward = net if mode is None else torch.compile(net, mode=mode)
        self.momentum = torch.optim.SGD(self.params, lr, momentum=momentum, fused=True) if momentum else None

    def __call__(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        loss = F.cross_entropy(self.forward(x), y)
        if self.momentum is not None:
            self.momentum.zero_grad()
            loss.backward()
            self.momentum.step()
        else:
            gradients = torch.autograd.grad(loss, self.params)
            with torch.no_grad():
                torch._foreach_add_(self.params, gradients, alpha=-self.lr)
        return loss.detach()


def fastest(candidates: dict[str, object], run, repeats: int = 3) -> tuple[str, dict[str, float]]:
    """Name of the candidate whose run(candidate) takes the least time, and all their times. One that fails is out."""
    times = {}
    for name, candidate in candidates.items():
        try:
            run(candidate)
            spans = []
            for _ in range(repeats):
                begin = time.perf_counter()
                run(candidate)
                spans.append(time.perf_counter() - begin)
            times[name] = min(spans)
        except Exception as error:  # torch.compile fails in many ways; eager PyTorch always is a candidate
            print(f"{name}: {error}", flush=True)
    return min(times, key=times.get), times


def describe(chosen: str, times: dict[str, float]) -> str:
    others = ", ".join(f"{name} {1e3 * t:.3g} ms" for name, t in times.items())
    return f"{chosen} (of {others})"
