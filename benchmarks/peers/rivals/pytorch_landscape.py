"""A landscape in PyTorch as its experts would write it: batch norms folded into the convolutions once a point, data
resident and channels-last, inference mode, directions as tensors, the fastest of several batch sizes and compilers."""
import h5py
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights, fuse_linear_bn_weights

from rivals.device import CUDA, DEVICE, now, recorded_by_shape
from rivals.inputs import Inputs
from rivals.steps import describe, fastest

BATCHES = (500, 1000, 2500, 5000) if CUDA else (32, 64, 125, 250, 500)
TRIED = BATCHES[-1]  # samples on which they are compared


def read_directions(path, params: list[torch.Tensor]) -> list[list[torch.Tensor]]:
    with h5py.File(path) as file:
        return [[torch.from_numpy(file[f"{group}/{i}"][()]).to(DEVICE).contiguous(
                    memory_format=torch.channels_last if p.dim() == 4 else torch.contiguous_format)
                 for i, p in enumerate(params)] for group in ("xdirection", "ydirection")]


def norm_pairs(net: nn.Module) -> list[tuple[str, str]]:
    """Each batch norm's name and that of the layer it follows: the module registered just before it."""
    pairs, last = [], ""
    for name, module in net.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            last = name
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            pairs.append((last, name))
    return pairs


def without_norms(net: nn.Module, pairs: list[tuple[str, str]]) -> nn.Module:
    """Identities in the place of the norms, and a bias in every layer that one is folded into."""
    for layer, norm in pairs:
        module = net.get_submodule(layer)
        if module.bias is None:
            module.bias = nn.Parameter(module.weight.new_zeros(module.weight.shape[0]))
        parent, _, child = norm.rpartition(".")
        setattr(net.get_submodule(parent), child, nn.Identity())
    return net


class Rival:
    def __init__(self, inputs: Inputs, rank: int, ranks: int):
        self.inputs, self.w = inputs, inputs.workload
        self.net = inputs.network().eval()
        self.params = [p.data for p in self.net.parameters()]
        self.origin = [p.clone() for p in self.params]
        self.dx, self.dy = read_directions(inputs.folder / "directions.h5", self.params)
        self.pairs = norm_pairs(self.net)
        self.folded = self.for_products(without_norms(inputs.network().eval(), self.pairs))
        compiled = torch.compile(self.folded)
        ways = {f"eager, batch {b}": (self.folded, b) for b in BATCHES}
        ways |= {f"compiled, batch {b}": (compiled, b) for b in (BATCHES[0], BATCHES[-1])}
        if CUDA:
            record = lambda net: torch.inference_mode()(recorded_by_shape(net))
            recorded, both = record(self.folded), record(compiled)
            ways |= {f"CUDA graph, batch {b}": (recorded, b) for b in BATCHES}
            ways |= {f"compiled as a CUDA graph, batch {b}": (both, b) for b in (BATCHES[0], BATCHES[-1])}
        self.fold()
        way, times = fastest({name: lambda way=way: way for name, way in ways.items()},
                             lambda way: self.evaluate(way, TRIED), repeats=2)
        self.way = ways[way]
        self.note = f"PyTorch {torch.__version__}, {describe(way, times)} for {TRIED} images"

    @staticmethod
    def for_products(net: nn.Module) -> nn.Module:
        return net

    @torch.inference_mode()
    def fold(self) -> None:
        source, target = self.net, self.folded
        folded = {layer for layer, _ in self.pairs}
        for name, module in source.named_modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)) and name not in folded:
                target.get_submodule(name).weight.copy_(module.weight)
                if module.bias is not None:
                    target.get_submodule(name).bias.copy_(module.bias)
        for layer, norm in self.pairs:
            a, n, to = source.get_submodule(layer), source.get_submodule(norm), target.get_submodule(layer)
            numbers = (n.running_mean, n.running_var, n.eps, n.weight, n.bias)
            fuse = fuse_conv_bn_weights if isinstance(a, nn.Conv2d) else fuse_linear_bn_weights
            weight, bias = fuse(a.weight, a.bias, *numbers)
            to.weight.copy_(weight)
            to.bias.copy_(bias)

    @torch.inference_mode()
    def move(self, x: float, y: float) -> None:
        torch._foreach_copy_(self.params, self.origin)
        torch._foreach_add_(self.params, self.dx, alpha=x)
        torch._foreach_add_(self.params, self.dy, alpha=y)

    @torch.inference_mode()
    def evaluate(self, way, samples: int | None = None) -> float:
        """Mean loss over the first samples, or all of them."""
        forward, batch = way
        images, labels = self.inputs.test_x[:samples], self.inputs.test_y[:samples]
        loss = torch.zeros((), dtype=torch.float64, device=DEVICE)
        correct = torch.zeros((), dtype=torch.int64, device=DEVICE)
        for x, y in zip(images.split(batch), labels.split(batch)):
            logits = forward(x)
            loss += F.cross_entropy(logits, y, reduction="sum")
            correct += (logits.argmax(1) == y).sum()
        return (loss / len(labels)).item()

    def point(self, x: float, y: float) -> float:
        self.move(x, y)
        self.fold()
        return self.evaluate(self.way)

    def grid(self, points: tuple[int, int], bound: float) -> dict[str, float]:
        axes = [torch.linspace(-bound, bound, n, dtype=torch.float64).tolist() for n in points]
        return {f"point {iy},{ix}": self.point(x, y) for iy, y in enumerate(axes[1]) for ix, x in enumerate(axes[0])}

    def losses(self) -> dict[str, float]:
        return self.grid(self.w.points, self.w.bound)

    def near(self) -> dict[str, float]:
        return self.grid(self.w.near_points, self.w.near_bound)

    def measure(self) -> float:
        begin = now()
        self.grid(self.w.points, self.w.bound)
        return (now() - begin) / (self.w.points[0] * self.w.points[1])
