"""Five steps of training of small networks in PyTorch, in float64, and how far PyTorch's own float32 is from that.

Usage: python3 networks.py      writes <network>.json beside this file (PyTorch 1.13 of Debian 12: python3-torch)

Initial parameters, inputs and labels come from formula.py. SGD with momentum, weight decay and the mean cross-entropy;
batch norms in training mode (batch statistics; running ones move along), dropout off. Of the gradient of the first
step and of all parameters after one and five steps a file keeps, per tensor, the norm and 32 projections, and the
largest relative error |a - b| / |b| of float32 among three of PyTorch's ways to compute it: oneDNN, oneDNN on
channels-last arrays, and PyTorch's own convolutions.
"""
import json
import math
import pathlib
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn

import formula

STEPS = 5
MOMENTUM, DECAY = 0.9, 5e-4


def mlp():
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(8 * 6 * 2, 24), nn.ReLU(), nn.Linear(24, 16), nn.ReLU())
    return nn.Sequential(OrderedDict(encoder=encoder, classifier=nn.Linear(16, 7)))


def lenet():
    return nn.Sequential(OrderedDict(
        conv1=nn.Conv2d(1, 6, 5, padding=2), relu1=nn.ReLU(), pool1=nn.MaxPool2d(2),
        conv2=nn.Conv2d(6, 16, 5), relu2=nn.ReLU(), pool2=nn.MaxPool2d(2), flatten=nn.Flatten(),
        fc1=nn.Linear(400, 120), relu3=nn.ReLU(), fc2=nn.Linear(120, 84), relu4=nn.ReLU(), fc3=nn.Linear(84, 10)))


def cnn():
    return nn.Sequential(
        nn.Identity(), nn.Conv2d(3, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Identity(), nn.Flatten(), nn.Linear(64 * 14 * 14, 128), nn.ReLU(), nn.Identity(), nn.Linear(128, 10))


class Block(nn.Module):
    def __init__(self, channels, filters, stride, norm, shortcut):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.bn1 = norm(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = norm(filters)
        self.stride, self.missing = stride, filters - channels
        self.shortcut = nn.Sequential()
        if shortcut == "B" and (stride != 1 or channels != filters):
            self.shortcut = nn.Sequential(nn.Conv2d(channels, filters, 1, stride, bias=False), norm(filters))
            self.stride, self.missing = 1, 0

    def forward(self, x):
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        kept = x[:, :, ::self.stride, ::self.stride]
        kept = F.pad(kept, (0, 0, 0, 0, self.missing // 2, self.missing // 2))
        return F.relu(out + self.shortcut(kept))


def resnet(blocks, width, norm, shortcut):
    net = OrderedDict(conv1=nn.Conv2d(3, width, 3, 1, 1, bias=False), bn1=norm(width), relu=nn.ReLU())
    channels = width
    for stage, count in enumerate(blocks):
        filters = width << stage
        stack = []
        for i in range(count):
            stack.append(Block(channels, filters, 2 if stage > 0 and i == 0 else 1, norm, shortcut))
            channels = filters
        net[f"layer{stage + 1}"] = nn.Sequential(*stack)
    net.update(pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), linear=nn.Linear(channels, 10))
    return nn.Sequential(net)


def resnet20():
    return resnet([3, 3, 3], 16, nn.BatchNorm2d, "A")


def resnet18_gn():
    return resnet([2, 2, 2, 2], 8, lambda channels: nn.GroupNorm(2, channels), "B")


# file: network, C, H, W of a sample, batch, classes, learning rate, options of fedscape's network.
# resnet20 has few small samples and takes small steps: of the millions of ReLU inputs of CIFAR's size some would lie
# within float32's error of 0 in every run, and one that falls on the other side moves a gradient by a percent. Here
# none is nearer than 8e-6.
CASES = {
    "mlp": (mlp, (2, 8, 6), 10, 7, 0.05, {"name": "mlp", "hidden": "24,16"}),
    "lenet": (lenet, (1, 28, 28), 10, 10, 0.05, {"name": "lenet"}),
    "cnn": (cnn, (3, 32, 32), 10, 10, 0.05, {"name": "cnn", "dropout": 0.0}),
    "resnet20": (resnet20, (3, 12, 12), 4, 10, 0.01, {"name": "resnet20"}),
    "resnet18_gn": (resnet18_gn, (3, 16, 16), 8, 10, 0.05, {"name": "resnet18", "norm": "gn", "width": 0.125}),
}


def law(name, tensor):
    """Centre and half width of a tensor's initial values; the width a power of two near He's uniform one."""
    if name.endswith("running_mean"):
        return 0.0, 0.0
    if name.endswith("running_var"):
        return 1.0, 0.0
    if tensor.dim() == 1:
        return (1.0 if name.endswith("weight") else 0.0), 0.125
    return 0.0, 2.0 ** round(math.log2(math.sqrt(3.0 / tensor[0].numel())))


def train(make, laws, batches, lr, dtype, channels_last):
    torch.manual_seed(0)
    net = make().to(dtype).train()
    for stream, name in enumerate(laws, 1):
        centre, scale = laws[name]
        tensor = net.state_dict()[name]
        tensor.copy_(torch.from_numpy(formula.values(stream, tuple(tensor.shape), centre, scale)))
    memory = torch.channels_last if channels_last else torch.contiguous_format
    if channels_last:
        net = net.to(memory_format=memory)
    optimizer = torch.optim.SGD(net.parameters(), lr, MOMENTUM, weight_decay=DECAY)
    result = {"losses": []}
    for step, (x, y) in enumerate(batches, 1):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x.to(dtype).contiguous(memory_format=memory)), y)
        loss.backward()
        if step == 1:
            result["gradient"] = {name: p.grad.double().numpy().copy() for name, p in net.named_parameters()}
        optimizer.step()
        result["losses"].append(loss.item())
        if step in (1, STEPS):
            result[f"step{step}"] = {name: net.state_dict()[name].double().numpy().copy() for name in laws}
    return result


def compare(exact, others):
    """Per tensor: norm, projections, and the largest relative error among the float32 results."""
    summary = {}
    for name, b in exact.items():
        norm = float((b**2).sum()) ** 0.5
        errors = [float(((other[name] - b)**2).sum()) ** 0.5 / norm for other in others]
        summary[name] = {"norm": norm, "float32": max(errors), "projections": formula.projections(b)}
    return summary


def golden(case):
    make, sample, batch, classes, lr, options = CASES[case]
    state = make().state_dict()
    laws = {name: law(name, t) for name, t in state.items() if not name.endswith("num_batches_tracked")}
    batches = []
    for step in range(STEPS):
        x = formula.values(1000 + step, (batch,) + sample, 0.0, 2.0)
        batches.append((torch.from_numpy(x), torch.from_numpy(formula.labels(2000 + step, batch, classes))))
    exact = train(make, laws, batches, lr, torch.float64, False)
    others = [train(make, laws, batches, lr, torch.float32, last) for last in (False, True)]
    with torch.backends.mkldnn.flags(enabled=False):
        others.append(train(make, laws, batches, lr, torch.float32, False))
    return {
        "network": options, "sample": [sample[1], sample[2], sample[0]], "batch": batch, "classes": classes,
        "optimizer": {"lr": lr, "momentum": MOMENTUM, "weight_decay": DECAY}, "losses": exact["losses"],
        "parameters": {name: {"shape": list(state[name].shape), "centre": laws[name][0], "scale": laws[name][1]}
                       for name in laws},
        **{part: compare(exact[part], [other[part] for other in others]) for part in ("gradient", "step1", "step5")},
    }


def main():
    torch.set_num_threads(1)
    folder = pathlib.Path(__file__).parent
    for case in CASES:
        content = golden(case)
        (folder / f"{case}.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")
        worst = {part: max(t["float32"] for t in content[part].values()) for part in ("gradient", "step1", "step5")}
        print(case, content["losses"], worst)


if __name__ == "__main__":
    main()
