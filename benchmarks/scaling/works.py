"""The work whose scaling is measured: what to type for so many ranks, and how much work that is."""
import pathlib
from dataclasses import dataclass

import runs

MODEL = "model.h5"  # at the origin of the landscapes; also what says which network and data they are of


@dataclass(frozen=True)
class Federation:
    """FedAvg on generated images, dealt unevenly; all clients train in every round, so that every round is the same
    work and its placement can be computed."""
    key: str
    title: str
    network: str
    side: int
    channels: int
    batch: int
    samples: int  # of a client, on average
    clients: int
    rounds: int
    weak: bool = False  # so many clients for each rank
    unit: str = "round"

    def clients_on(self, ranks: int) -> int:
        return self.clients * (ranks if self.weak else 1)

    def data(self, ranks: int) -> list[str]:
        clients = self.clients_on(ranks)
        return ["--data", "images", "--normalize", "0.5;0.125", "--side", str(self.side), "--channels",
                str(self.channels), "--train-samples", str(self.samples * clients), "--test-samples", "10",
                "--partition", "map", "--clients", str(clients), "--min-samples", "1", "--local-test", "0"]

    def words(self, ranks: int, output: pathlib.Path) -> list[str]:
        return ["fl", "run", *self.data(ranks), "--cohort", str(self.clients_on(ranks)), "--network", self.network,
                "--batch", str(self.batch), "--rounds", str(self.rounds), "--evaluate-every", "0", "--save-seconds",
                "3600", "--threads", "1", "--profile", "--fresh", "--output", str(output)]

    def sizes(self, ranks: int, folder: pathlib.Path) -> list[int]:
        """Training samples of each client."""
        table = folder / "clients.csv"
        runs.launch(1, ["data", "summary", *self.data(ranks), "--show", "1", "--output", str(table)])
        lines = [line for line in table.read_text().splitlines() if not line.startswith("#")]
        return [int(line.split(",")[1]) for line in lines[1:]]

    def steps_of(self, samples: int) -> int:
        return -(-samples // self.batch)


@dataclass(frozen=True)
class Sweep:
    """The test loss in a plane through MODEL."""
    key: str
    title: str
    images: int
    nx: int
    ny: int
    weak: bool = False  # ny lines for each rank
    unit: str = "point"

    def points_on(self, ranks: int) -> int:
        return self.nx * self.ny * (ranks if self.weak else 1)

    def words(self, ranks: int, output: pathlib.Path) -> list[str]:
        lines = self.ny * (ranks if self.weak else 1)
        return ["landscape", "sweep", str(output.parent / MODEL), "--x", f"-1:1:{self.nx}", "--y", f"-1:1:{lines}",
                "--splits", "test", "--test-samples", str(self.images), "--threads", "1", "--profile", "--fresh",
                "--output", str(output)]


LENET = {"network": "lenet", "side": 28, "channels": 1, "batch": 20, "samples": 100, "rounds": 6}
CNN = {"network": "cnn", "side": 32, "channels": 3, "batch": 10, "samples": 50, "rounds": 6}

WORKS = (
    Federation("lenet", "LeNet (61,706), 48 clients of about 100 images, batch 20", **LENET, clients=48),
    Federation("lenet-weak", "LeNet (61,706), 24 clients a rank", **LENET, clients=24, weak=True),
    Federation("cnn", "CNN (1,626,442), 16 clients of about 50 images, batch 10", **CNN, clients=16),
    Federation("cnn-weak", "CNN (1,626,442), 8 clients a rank", **CNN, clients=8, weak=True),
    Sweep("sweep", "landscape of LeNet, 15x15 points, 1,024 images", 1024, 15, 15),
    Sweep("sweep-weak", "landscape of LeNet, 15x8 points a rank, 1,024 images", 1024, 15, 8, weak=True),
)


@dataclass(frozen=True)
class Wire:
    """One local step of an MLP of growing width: a round is all but its collective and what the server does."""
    width: int
    rounds: int = 12

    def words(self, ranks: int, output: pathlib.Path) -> list[str]:
        return ["fl", "run", "--data", "gaussian", "--features", "64", "--train-samples", "640",
                "--test-samples", "10", "--partition", "iid", "--clients", str(2 * ranks), "--cohort", str(2 * ranks),
                "--local-test", "0", "--network", "mlp", "--network.hidden", f"{self.width},{self.width}",
                "--local-steps", "1", "--batch", "10", "--rounds", str(self.rounds), "--evaluate-every", "0",
                "--save-seconds", "3600", "--threads", "1", "--profile", "--fresh", "--output", str(output)]


WIRES = tuple(Wire(width) for width in (16, 128, 512, 1024, 2048))
