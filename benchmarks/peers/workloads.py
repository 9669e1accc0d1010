"""The workloads: what is run on both sides, how large, and what fedscape aims at. One entry each."""
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Data:
    """Samples of `shape` (y, x, channels); client k holds sizes[k] of them, in the order of the file."""
    shape: tuple[int, int, int]
    classes: int
    sizes: tuple[int, ...]
    test: int
    source: str = "generated"  # cifar10: real images where FEDSCAPE_CIFAR10 names their folder; fashion: Fashion-MNIST


@dataclass(frozen=True)
class Workload:
    key: str
    title: str
    data: Data
    network: str                  # fedscape's name
    options: dict[str, str] = field(default_factory=dict)
    rivals: tuple[str, ...] = ("pytorch", "pytorch_processes")
    rivals_on_cuda: tuple[str, ...] = ("pytorch", "pytorch_vmap", "pytorch_tf32", "pytorch_vmap_tf32")
    target: str = ""              # the ratio that fedscape aims at, per core
    known: dict[str, str] = field(default_factory=dict)  # rival: what it is known to reach on one core of this class
    precisions: tuple[str, ...] = ()  # others than float32 that fedscape is timed in as well


@dataclass(frozen=True)
class Federation(Workload):
    """FedAvg; all clients take part in every round; batches are consecutive samples, never reshuffled."""
    batch: int = 10
    lr: float = 0.1
    epochs: int = 1
    rounds: int = 1               # rounds of one measurement
    check_rounds: int = 2         # rounds after which losses must agree
    dropout: bool = False         # timed with the published dropout; losses are always compared without
    unit: str = "round"


@dataclass(frozen=True)
class Training(Workload):
    """One model, momentum SGD; batches are consecutive samples, never reshuffled."""
    rivals_on_cuda: tuple[str, ...] = ("pytorch_training",)
    batch: int = 128
    lr: float = 0.05
    momentum: float = 0.9
    epochs: int = 1
    check_rounds: int = 1         # epochs after which losses must agree
    unit: str = "epoch"


@dataclass(frozen=True)
class Landscape(Workload):
    """A plane of filter-normalised random directions through a model; both sides read the same direction file."""
    points: tuple[int, int] = (3, 2)         # of the x and y axis, by default
    full_points: tuple[int, int] = (11, 11)  # with --full
    bound: float = 0.5                      # axes from -bound to bound
    near_points: tuple[int, int] = (5, 3)   # where surfaces in reduced precision are compared with float32: around the
    near_bound: float = 0.1                 # basin, as losses far from it say little
    warm_steps: int = 20                    # of training, so that the model has statistics and a basin
    rivals: tuple[str, ...] = ("pytorch_landscape", "pytorch_landscape_bf16", "loss_landscape")
    rivals_on_cuda: tuple[str, ...] = ("pytorch_landscape", "pytorch_landscape_vmap", "pytorch_landscape_tf32",
                                       "pytorch_landscape_bf16")
    precisions: tuple[str, ...] = ("bf16", "bf16w2", "bf16x2")
    unit: str = "point"


def power_law(clients: int, mean: float) -> tuple[int, ...]:
    """Client sizes falling as rank^-0.8, as those of FedML's MNIST do, at least 10 each."""
    shares = [(k + 1) ** -0.8 for k in range(clients)]
    return tuple(max(10, round(mean * clients * s / sum(shares))) for s in shares)


CIFAR, MNIST = (32, 32, 3), (28, 28, 1)
SIMULATORS = ("pfl_research", "flower", "blazefl_threads")

WORKLOADS: dict[str, Workload] = {w.key: w for w in (
    Federation("w1", "W1: CIFAR-10 CNN (1,626,442), 50 clients x 50 images, batch 10, SGD 0.1",
               Data(CIFAR, 10, (50,) * 50, 1000, "cifar10"), "cnn", lr=0.1, dropout=True,
               rivals=("pytorch", "pytorch_processes", "pfl_research"), target="2.0x pfl-research",
               known={"pfl_research": "2.9 s a round (Zen 5)"}),
    Federation("w2", "W2: logistic regression (7,850), batch 10, 100 rounds x 10 clients = 1,000 visits",
               Data(MNIST, 10, power_law(10, 60), 1000, "fashion"), "logistic", lr=0.03, rounds=100,
               rivals=("pytorch", "pytorch_processes", "pfl_research"), target="10x"),
    Federation("w3", "W3: FEMNIST CNN (1,206,590), batch 20, 10 clients x 120 images",
               Data(MNIST, 62, (120,) * 10, 500), "cnn", batch=20, dropout=True,
               rivals=("pytorch", "pytorch_processes", "pfl_research"), target="2.0x"),
    Federation("w5", "W5: LeNet (62,006), batch 50, 5 epochs, 10 of the 100 clients x 500 images",
               Data(CIFAR, 10, (500,) * 10, 1000, "cifar10"), "lenet", batch=50, lr=0.1, epochs=5, check_rounds=1,
               rivals=("pytorch", "pytorch_processes", *SIMULATORS), target="4x PyTorch, 10x Flower"),
    Federation("w7", "W7: FedAvgCNN (582,026), batch 10, 20 clients x 200 images",
               Data(MNIST, 10, (200,) * 20, 1000, "fashion"), "fedavgcnn", lr=0.005,
               rivals=("pytorch", "pytorch_processes", "pfl_research"), target="2.5x"),
    Training("resnet20-128", "ResNet-20 (272,474), one model, batch 128, 5 steps",
             Data(CIFAR, 10, (640,), 1000, "cifar10"), "resnet20", {"shortcut": "B"}, rivals=("pytorch_training",),
             target="1.5x", known={"pytorch_training": "75 ms for a forward pass of 128 images"}),
    Federation("resnet20-32", "ResNet-20 (272,474), 10 clients x 96 images, batch 32",
               Data(CIFAR, 10, (96,) * 10, 1000, "cifar10"), "resnet20", {"shortcut": "B"}, batch=32, lr=0.05,
               check_rounds=1, target="1.5x"),
    Landscape("l2", "L2: ResNet-56 (855,770) landscape, 1,000 images",
              Data(CIFAR, 10, (1000,), 1000, "cifar10"), "resnet56", {"shortcut": "B"},
              target="1.9x tuned PyTorch, 5x loss-landscape"),
    Landscape("l1", "L1: ResNet-56 (855,770) landscape, 50,000 images",
              Data(CIFAR, 10, (1000,), 50000), "resnet56", {"shortcut": "B"}, points=(6, 6), full_points=(51, 51),
              rivals=(), target="51x51 points in 200 s"),
    Landscape("vgg9", "VGG-9 (2,789,706) landscape, 1,000 images",
              Data(CIFAR, 10, (1000,), 1000, "cifar10"), "vgg9-landscape", points=(2, 2), warm_steps=10,
              target="1.5x"),
    Landscape("mlp", "MLP 784-200-200-10 (199,210) landscape, 10,000 images",
              Data(MNIST, 10, (1000,), 10000, "fashion"), "mlp", {"hidden": "200,200"},
              target="3x", points=(11, 8), warm_steps=100),
)}


def known(device: str) -> list[str]:
    """Keys of the workloads that are meant for a device: of few clients or few samples a CPU, of many a GPU."""
    return [key for key, w in WORKLOADS.items() if (key != "w2" if device == "cuda" else w.rivals)]


def near(w: Landscape) -> Landscape:
    return replace(w, points=w.near_points, bound=w.near_bound)


def find(key: str, full: bool, device: str) -> Workload:
    """A workload; full: landscapes of the published number of points. On a GPU a measurement takes more rounds and
    points where these are short, so that it is not one of the start."""
    w = WORKLOADS[key]
    if isinstance(w, Landscape) and full:
        return replace(w, points=w.full_points)
    if device == "cuda" and isinstance(w, Landscape) and w.data.test <= 10000:
        return replace(w, points=(16, 16))
    if device == "cuda" and isinstance(w, Federation):
        return replace(w, rounds=10)
    return w
