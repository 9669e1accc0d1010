"""The networks in PyTorch, with the state-dict names that fedscape gives them."""
from collections import OrderedDict

import torch.nn.functional as F
from torch import nn


def cnn(shape, classes, dropout):
    """pfl-research's CNN (also FEMNIST's). The two identities keep the module numbers of the published code."""
    y, x, channels = shape
    drop = lambda p: nn.Dropout(p if dropout else 0.0)
    flat = 64 * ((y - 4) // 2) * ((x - 4) // 2)
    return nn.Sequential(
        nn.Identity(), nn.Conv2d(channels, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        drop(0.25), nn.Flatten(), nn.Linear(flat, 128), nn.ReLU(), drop(0.5), nn.Linear(128, classes))


def logistic(shape, classes):
    y, x, channels = shape
    return nn.Sequential(OrderedDict(flatten=nn.Flatten(), linear=nn.Linear(y * x * channels, classes)))


def mlp(shape, classes, hidden):
    y, x, channels = shape
    widths = [y * x * channels, *map(int, hidden.split(","))]
    encoder = nn.Sequential(nn.Flatten())
    for inputs, outputs in zip(widths, widths[1:]):
        encoder.append(nn.Linear(inputs, outputs)).append(nn.ReLU())
    return nn.Sequential(OrderedDict(encoder=encoder, classifier=nn.Linear(widths[-1], classes)))


def lenet(shape, classes):
    return nn.Sequential(OrderedDict(
        conv1=nn.Conv2d(shape[2], 6, 5), relu1=nn.ReLU(), pool1=nn.MaxPool2d(2),
        conv2=nn.Conv2d(6, 16, 5), relu2=nn.ReLU(), pool2=nn.MaxPool2d(2), flatten=nn.Flatten(),
        fc1=nn.Linear(400, 120), relu3=nn.ReLU(), fc2=nn.Linear(120, 84), relu4=nn.ReLU(),
        fc3=nn.Linear(84, classes)))


def fedavgcnn(shape, classes):
    block = lambda inputs, outputs: nn.Sequential(nn.Conv2d(inputs, outputs, 5), nn.ReLU(), nn.MaxPool2d(2))
    return nn.Sequential(OrderedDict(
        conv1=block(shape[2], 32), conv2=block(32, 64), flatten=nn.Flatten(),
        fc1=nn.Sequential(nn.Linear(1024, 512), nn.ReLU()), fc=nn.Linear(512, classes)))


class Block(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.shortcut = nn.Sequential()
        if stride != 1 or channels != filters:
            self.shortcut = nn.Sequential(nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(out + self.shortcut(x))


def resnet(shape, classes, depth, shortcut):
    if shortcut != "B":
        raise ValueError(f"shortcut {shortcut}: only B is written down here")
    net = OrderedDict(conv1=nn.Conv2d(shape[2], 16, 3, 1, 1, bias=False), bn1=nn.BatchNorm2d(16), relu=nn.ReLU())
    channels = 16
    for stage, filters in enumerate((16, 32, 64)):
        blocks = []
        for i in range((depth - 2) // 6):
            blocks.append(Block(channels, filters, 2 if stage > 0 and i == 0 else 1))
            channels = filters
        net[f"layer{stage + 1}"] = nn.Sequential(*blocks)
    net.update(pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), linear=nn.Linear(64, classes))
    return nn.Sequential(net)


def vgg9_landscape(shape, classes):
    features, channels = nn.Sequential(), shape[2]
    for width in (64, 64, 0, 128, 128, 0, 256, 256, 256, 0):
        if width == 0:
            features.append(nn.MaxPool2d(2, ceil_mode=True))
            continue
        features.append(nn.Conv2d(channels, width, 3, padding=1)).append(nn.BatchNorm2d(width)).append(nn.ReLU())
        channels = width
    flat = 256 * (shape[0] // 8) * (shape[1] // 8)
    return nn.Sequential(OrderedDict(
        features=features, flatten=nn.Flatten(),
        fc=nn.Sequential(nn.Linear(flat, 256), nn.BatchNorm1d(256), nn.ReLU()), classifier=nn.Linear(256, classes)))


def build(workload, dropout: bool = False) -> nn.Module:
    shape, classes, name = workload.data.shape, workload.data.classes, workload.network
    if name == "cnn":
        return cnn(shape, classes, dropout)
    if name.startswith("resnet"):
        return resnet(shape, classes, int(name.removeprefix("resnet")), **workload.options)
    makers = {"logistic": logistic, "mlp": mlp, "lenet": lenet, "fedavgcnn": fedavgcnn,
              "vgg9-landscape": vgg9_landscape}
    return makers[name](shape, classes, **workload.options)
