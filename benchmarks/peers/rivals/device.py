"""Where the rivals compute, as FEDSCAPE_PEERS_DEVICE says: cpu or cuda. On CUDA products are in float32 unless a rival
allows TF32."""
import os
import time

import torch

DEVICE = torch.device(os.environ.get("FEDSCAPE_PEERS_DEVICE", "cpu"))
CUDA = DEVICE.type == "cuda"
torch.backends.cudnn.benchmark = True


def allow_tf32(allow: bool = True) -> None:
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allow


allow_tf32(False)


def now() -> float:
    """Seconds, when all that was asked of the device is done."""
    if CUDA:
        torch.cuda.synchronize()
    return time.perf_counter()


class Recorded:
    """A function of tensors as one CUDA graph, for inputs of the same shapes; the result is overwritten by the next
    call. What it changes in place, it changes while it is recorded, too."""

    def __init__(self, function, *inputs: torch.Tensor):
        self.inputs = [t.clone() for t in inputs]
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                function(*self.inputs)
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.result = function(*self.inputs)

    def __call__(self, *inputs: torch.Tensor):
        for own, given in zip(self.inputs, inputs):
            own.copy_(given)
        self.graph.replay()
        return self.result


def recorded_by_shape(function):
    """The function, a graph for each shape of inputs: what a partial batch at the end of an epoch needs."""
    graphs: dict[tuple, Recorded] = {}

    def call(*inputs: torch.Tensor):
        shapes = tuple(t.shape for t in inputs)
        if shapes not in graphs:
            graphs[shapes] = Recorded(function, *inputs)
        return graphs[shapes](*inputs)

    return call
