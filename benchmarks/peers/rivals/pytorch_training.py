"""Central training of one model in PyTorch: channels-last, fused optimiser, torch.compile where it is the faster."""
import functools

import torch

from rivals.device import now
from rivals.inputs import Inputs
from rivals.steps import WAYS, Step, describe, fastest


class Rival:
    def __init__(self, inputs: Inputs, rank: int, ranks: int):
        self.inputs, self.w = inputs, inputs.workload
        self.batches = list(zip(inputs.x.split(self.w.batch), inputs.y.split(self.w.batch)))
        ways = {way: functools.partial(self.step, way) for way in WAYS}
        way, times = fastest(ways, lambda step: step(*self.batches[0]))
        self.timed, self.checked = self.step(way), self.step(way)
        self.note = (f"PyTorch {torch.__version__}, {describe(way, times)} a step, "
                     f"forward pass of a batch {1e3 * self.forward_seconds():.3g} ms")
        self.epoch(self.timed)

    @torch.inference_mode()
    def forward_seconds(self) -> float:
        """Least of several, of the network as it is evaluated."""
        net, spans = self.inputs.network().eval(), []
        for _ in range(5):
            begin = now()
            net(self.batches[0][0])
            spans.append(now() - begin)
        return min(spans)

    def step(self, way: str) -> Step:
        step = Step(self.inputs.network().train(), self.w.lr, self.w.momentum, way)
        if step.recorded:
            step.record(*self.batches[0])
        return step

    def epoch(self, step: Step) -> float:
        losses = [step(x, y) for _ in range(self.w.epochs) for x, y in self.batches]
        return torch.stack(losses).mean().item()

    def losses(self) -> dict[str, float]:
        losses = {f"round {e + 1}": self.epoch(self.checked) for e in range(self.w.check_rounds)}
        return losses | {"test": self.inputs.test_loss(self.checked.net)}

    def measure(self) -> float:
        begin = now()
        self.epoch(self.timed)
        return now() - begin
