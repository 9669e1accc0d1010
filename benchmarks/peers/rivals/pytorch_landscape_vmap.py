"""A landscape in PyTorch with several points side by side: torch.func.vmap over the stacked, folded weights of perturbed
networks, which share each batch of images."""
import torch
import torch.nn.functional as F

from rivals import pytorch_landscape
from rivals.device import CUDA, DEVICE, now, recorded_by_shape
from rivals.steps import describe, fastest

WAYS = tuple((models, batch) for models in ((4, 16) if CUDA else (2,)) for batch in ((250, 1000) if CUDA else (64,)))


class Rival(pytorch_landscape.Rival):
    def __init__(self, inputs, rank: int, ranks: int):
        super().__init__(inputs, rank, ranks)
        self.names = [name for name, _ in self.folded.named_parameters()]
        forward = torch.func.vmap(self.call, in_dims=(0, None))
        kinds = {"eager": forward, "compiled": torch.compile(forward)}
        if CUDA:
            for name, call in {"CUDA graph": forward, "compiled as a CUDA graph": kinds["compiled"]}.items():
                kinds[name] = recorded_by_shape(lambda x, *params, call=call: call(params, x))
        ways = {f"{kind}, {models} models, batch {batch}": (call, kind, models, batch)
                for kind, call in kinds.items() for models, batch in WAYS}
        points = [(0.0, 0.0)] * max(models for models, _ in WAYS)
        way, times = fastest({name: lambda way=way: way for name, way in ways.items()},
                             lambda way: self.tile(way, points, WAYS[-1][1]), repeats=2)
        self.stacked = ways[way]
        self.note = f"PyTorch {torch.__version__}, {describe(way, times)} for {len(points)} points"

    def call(self, params: tuple[torch.Tensor, ...], x: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(self.folded, dict(zip(self.names, params)), (x,))

    @torch.inference_mode()
    def tile(self, way, points: list[tuple[float, float]], samples: int | None = None) -> list[float]:
        """Mean losses of points, as many at once as the way says; the last tile is filled with its first point."""
        call, kind, models, batch = way
        images, labels = self.inputs.test_x[:samples], self.inputs.test_y[:samples]
        losses = []
        for first in range(0, len(points), models):
            rows = []
            for x, y in (points[first:first + models] + [points[first]] * models)[:models]:
                self.move(x, y)
                self.fold()
                rows.append([p.clone() for p in self.folded.parameters()])
            params = tuple(torch.stack(values) for values in zip(*rows))
            sums = torch.zeros(models, dtype=torch.float64, device=DEVICE)
            for x, y in zip(images.split(batch), labels.split(batch)):
                logits = call(x, *params) if kind.endswith("CUDA graph") else call(params, x)
                terms = F.cross_entropy(logits.flatten(0, 1), y.repeat(models), reduction="none")
                sums += terms.view(models, -1).sum(1)
            losses += (sums / len(labels)).tolist()
        return losses[:len(points)]

    def grid(self, points: tuple[int, int], bound: float) -> dict[str, float]:
        axes = [torch.linspace(-bound, bound, n, dtype=torch.float64).tolist() for n in points]
        places = {f"point {iy},{ix}": (x, y) for iy, y in enumerate(axes[1]) for ix, x in enumerate(axes[0])}
        return dict(zip(places, self.tile(self.stacked, list(places.values()))))

    def measure(self) -> float:
        begin = now()
        self.grid(self.w.points, self.w.bound)
        return (now() - begin) / (self.w.points[0] * self.w.points[1])
