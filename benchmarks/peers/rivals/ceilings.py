"""What a card can do at best, measured by PyTorch, and the arithmetic of a workload."""
import torch
from torch.utils.flop_counter import FlopCounterMode

from rivals import networks
from rivals.device import DEVICE, allow_tf32, now
from workloads import Landscape, Workload


def least(work, repeats: int = 5) -> float:
    work()
    spans = []
    for _ in range(repeats):
        begin = now()
        work()
        spans.append(now() - begin)
    return min(spans)


def product(n: int, dtype: torch.dtype, tf32: bool) -> float:
    """FLOP/s of a product of two n x n matrices."""
    allow_tf32(tf32)
    a, b = (torch.randn(n, n, device=DEVICE, dtype=dtype) for _ in range(2))
    seconds = least(lambda: a @ b)
    allow_tf32(False)
    return 2 * n**3 / seconds


def ceilings(n: int = 8192, floats: int = 1 << 28) -> dict[str, float]:
    source, target = torch.empty(floats, device=DEVICE), torch.empty(floats, device=DEVICE)
    return {"float32": product(n, torch.float32, False), "tf32": product(n, torch.float32, True),
            "bf16": product(n, torch.bfloat16, False),
            "copy": 2 * 4 * floats / least(lambda: target.copy_(source))}


def arithmetic(w: Workload) -> float:
    """FLOPs of a unit (round, epoch, point): a forward pass by direct convolutions, and two more of it in training."""
    net = networks.build(w).eval()
    y, x, channels = w.data.shape
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.zeros(1, channels, y, x))
    forward = counter.get_total_flops()
    if isinstance(w, Landscape):
        return forward * w.data.test
    samples = sum(w.data.sizes) * w.epochs
    return 3 * forward * samples
