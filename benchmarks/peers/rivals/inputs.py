"""What both sides read: samples, the initial model, the direction file. Made once, kept in the workload's folder."""
import os
import pathlib

import gzip
import h5py
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

from rivals import networks
from rivals.device import DEVICE
from workloads import Landscape, Workload


def fashion(count: int, split: str) -> tuple[np.ndarray, np.ndarray]:
    folder = pathlib.Path("/usr/share/datasets/fashion-mnist")
    def idx(kind: str, header: int) -> np.ndarray:
        path = next(p for p in folder.iterdir() if p.name.startswith(split) and kind in p.name)
        raw = path.read_bytes()
        return np.frombuffer(gzip.decompress(raw) if path.suffix == ".gz" else raw, np.uint8)[header:]
    images = idx("images", 16).reshape(-1, 28, 28, 1)[:count]
    return images, idx("labels", 8)[:count].astype(np.int64)


def cifar10(count: int, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images in turn of each class, from <folder>/<split>/<class>/*.jpg."""
    from PIL import Image
    classes = sorted((pathlib.Path(os.environ["FEDSCAPE_CIFAR10"]) / split).iterdir())
    files = [sorted(folder.iterdir()) for folder in classes]
    images = [np.asarray(Image.open(files[i % 10][i // 10])) for i in range(count)]
    return np.stack(images), np.arange(count, dtype=np.int64) % 10


def samples(workload: Workload, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    """x [N,y,x,channels] of mean 0 and deviation 1, y [N], in an order shuffled once."""
    data = workload.data
    count = sum(data.sizes) if split == "train" else data.test
    random = np.random.default_rng(1 if split == "train" else 2)
    if data.source == "fashion" and os.path.isdir("/usr/share/datasets/fashion-mnist"):
        images, labels = fashion(count, "train" if split == "train" else "t10k")
    elif data.source == "cifar10" and "FEDSCAPE_CIFAR10" in os.environ:
        images, labels = cifar10(count, split)
    else:
        labels = random.integers(0, data.classes, count)
        patterns = np.random.default_rng(0).normal(size=(data.classes, *data.shape))
        images = patterns[labels] + random.normal(size=(count, *data.shape))
    order = random.permutation(count)
    x = images[order].astype(np.float32)
    return torch.from_numpy((x - x.mean()) / x.std()), torch.from_numpy(labels[order])


def nchw(x: torch.Tensor) -> torch.Tensor:
    """The same memory seen as [N,channels,y,x] in the channels-last format: no copy."""
    return x.permute(0, 3, 1, 2)


def warm_up(net: nn.Module, x: torch.Tensor, y: torch.Tensor, steps: int) -> None:
    optimizer = torch.optim.SGD(net.parameters(), 0.05, momentum=0.9)
    net.train()
    for step in range(steps):
        rows = torch.arange(step * 100, step * 100 + 100) % len(y)
        optimizer.zero_grad()
        F.cross_entropy(net(x[rows]), y[rows]).backward()
        optimizer.step()


def write_directions(path: pathlib.Path, net: nn.Module) -> None:
    """Random, filter-normalised, zero in biases and norms, in loss-landscape's format."""
    random = torch.Generator().manual_seed(123)
    with h5py.File(path, "w") as file:
        for group in ("xdirection", "ydirection"):
            for i, w in enumerate(net.parameters()):
                w = w.detach()
                d = torch.randn(w.shape, generator=random) if w.dim() > 1 else torch.zeros_like(w)
                if w.dim() > 1:
                    rows = d.flatten(1)
                    rows *= w.flatten(1).norm(dim=1, keepdim=True) / (rows.norm(dim=1, keepdim=True) + 1e-10)
                file.create_dataset(f"{group}/{i}", data=d.numpy())


def prepare(workload: Workload, folder: pathlib.Path) -> None:
    recipe = f"{workload}\nCIFAR-10 images: {os.environ.get('FEDSCAPE_CIFAR10', 'generated')}\n"
    ready = folder / "ready"
    if ready.exists() and ready.read_text() == recipe:
        return
    ready.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    users = torch.repeat_interleave(torch.arange(len(workload.data.sizes)), torch.tensor(workload.data.sizes))
    x, y = samples(workload, "train")
    save_file({"x": x, "y": y, "user": users}, folder / "train.safetensors")
    test_x, test_y = samples(workload, "test")
    save_file({"x": test_x, "y": test_y}, folder / "test.safetensors")
    torch.manual_seed(7)
    net = networks.build(workload)
    if isinstance(workload, Landscape):
        warm_up(net, nchw(x), y, workload.warm_steps)
        write_directions(folder / "directions.h5", net)
    state = {name: t.contiguous() for name, t in net.state_dict().items() if not name.endswith("num_batches_tracked")}
    save_file(state, folder / "init.safetensors")
    ready.write_text(recipe)


class Inputs:
    """The prepared files as tensors on the device; samples channels-last."""

    def __init__(self, workload: Workload, folder: pathlib.Path):
        self.workload, self.folder = workload, folder
        train, test = load_file(folder / "train.safetensors"), load_file(folder / "test.safetensors")
        self.x, self.y = nchw(train["x"].to(DEVICE)), train["y"].to(DEVICE)
        self.test_x, self.test_y = nchw(test["x"].to(DEVICE)), test["y"].to(DEVICE)
        self.state = load_file(folder / "init.safetensors")

    def clients(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        sizes = list(self.workload.data.sizes)
        return list(zip(self.x.split(sizes), self.y.split(sizes)))

    def network(self, dropout: bool = False) -> nn.Module:
        net = networks.build(self.workload, dropout)
        missing, unexpected = net.load_state_dict(self.state, strict=False)
        if unexpected or any(not name.endswith("num_batches_tracked") for name in missing):
            raise ValueError(f"initial model: missing {missing}, unexpected {unexpected}")
        return net.to(DEVICE, memory_format=torch.channels_last)

    @torch.inference_mode()
    def test_loss(self, net: nn.Module) -> float:
        net.eval()
        losses = [F.cross_entropy(net(x), y, reduction="sum").item()
                  for x, y in zip(self.test_x.split(250), self.test_y.split(250))]
        return sum(losses) / len(self.test_y)
