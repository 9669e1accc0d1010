"""A landscape the way the loss-landscape script goes about it: directions read from the HDF5 file at every point, batch
norms evaluated, batches of 128 from a loader, PyTorch's default layout. Its own loader (JPEG to tensor) is left out."""
import time

import h5py
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

from rivals import networks
from rivals.inputs import Inputs


class Rival:
    def __init__(self, inputs: Inputs, rank: int, ranks: int):
        self.inputs, self.w = inputs, inputs.workload
        self.net = networks.build(self.w).eval()
        self.net.load_state_dict(inputs.state, strict=False)
        self.origin = [p.data.clone() for p in self.net.parameters()]
        self.loader = DataLoader(TensorDataset(inputs.test_x.contiguous(), inputs.test_y), batch_size=128)
        self.note = f"PyTorch {torch.__version__}, eager"
        self.point(0.0, 0.0)

    def move(self, x: float, y: float) -> None:
        with h5py.File(self.inputs.folder / "directions.h5") as file:
            for i, (p, origin) in enumerate(zip(self.net.parameters(), self.origin)):
                change = x * torch.from_numpy(file[f"xdirection/{i}"][()])
                change += y * torch.from_numpy(file[f"ydirection/{i}"][()])
                p.data = origin + change

    def point(self, x: float, y: float) -> float:
        self.move(x, y)
        total = 0.0
        with torch.no_grad():
            for images, labels in self.loader:
                total += F.cross_entropy(self.net(images), labels).item() * len(labels)
        return total / len(self.inputs.test_y)

    def grid(self) -> dict[str, float]:
        nx, ny = self.w.points
        xs, ys = (torch.linspace(-self.w.bound, self.w.bound, n, dtype=torch.float64).tolist() for n in (nx, ny))
        return {f"point {iy},{ix}": self.point(x, y) for iy, y in enumerate(ys) for ix, x in enumerate(xs)}

    def losses(self) -> dict[str, float]:
        return self.grid()

    def measure(self) -> float:
        begin = time.perf_counter()
        points = len(self.grid())
        return (time.perf_counter() - begin) / points
