"""Flower's own simulation: ServerApp, ClientApp and FedAvg on Ray, an actor of one thread for each core."""
import functools
import os
import pathlib
import time

# Nothing may leave the machine, and the actors must find these modules.
os.environ.update(FLWR_TELEMETRY_ENABLED="0", RAY_USAGE_STATS_ENABLED="0",
                  PYTHONPATH=str(pathlib.Path(__file__).resolve().parents[1]))

import flwr  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict  # noqa: E402
from flwr.clientapp import ClientApp  # noqa: E402
from flwr.serverapp import Grid, ServerApp  # noqa: E402
from flwr.serverapp.strategy import FedAvg  # noqa: E402
from flwr.simulation import run_simulation  # noqa: E402

from rivals.inputs import Inputs  # noqa: E402
from workloads import find  # noqa: E402


@functools.cache
def actor_inputs(key: str, folder: str):
    """Once per actor, as data sets are cached in Flower's examples: samples, and a model to load weights into."""
    torch.set_num_threads(1)
    inputs = Inputs(find(key, False), pathlib.Path(folder))
    return inputs, inputs.clients(), inputs.network().train()


def train(message: Message, context: Context) -> Message:
    config = message.content["config"]
    inputs, clients, net = actor_inputs(config["key"], config["folder"])
    w, (x, y) = inputs.workload, clients[context.node_config["partition-id"]]
    net.load_state_dict(message.content["arrays"].to_torch_state_dict())
    optimizer = torch.optim.SGD(net.parameters(), w.lr)
    for _ in range(w.epochs):
        for batch, labels in zip(x.split(w.batch), y.split(w.batch)):
            optimizer.zero_grad()
            F.cross_entropy(net(batch), labels).backward()
            optimizer.step()
    content = RecordDict({"arrays": ArrayRecord(net.state_dict()), "metrics": MetricRecord({"num-examples": 1})})
    return Message(content=content, reply_to=message)


class Rival:
    def __init__(self, inputs: Inputs, rank: int, ranks: int):
        self.inputs, self.w, self.actors = inputs, inputs.workload, torch.get_num_threads()
        self.note = f"flwr {flwr.__version__} on Ray, {self.actors} actor(s)"
        self.final: dict = {}

    def run(self, rounds: int) -> list[float]:
        """When each round ended, and before the first."""
        ends, clients = [], len(self.w.data.sizes)
        client_app, server_app = ClientApp(), ServerApp()
        client_app.train()(train)

        @server_app.main()
        def serve(grid: Grid, context: Context) -> None:
            strategy = FedAvg(fraction_evaluate=0.0, min_train_nodes=clients, min_available_nodes=clients)
            result = strategy.start(
                grid, ArrayRecord(self.inputs.network().state_dict()), num_rounds=rounds,
                train_config=ConfigRecord({"key": self.w.key, "folder": str(self.inputs.folder)}),
                evaluate_fn=lambda *_: ends.append(time.perf_counter()))
            self.final = result.arrays.to_torch_state_dict()

        run_simulation(server_app, client_app, clients, backend_config={
            "init_args": {"num_cpus": self.actors, "include_dashboard": False, "logging_level": "ERROR"},
            "client_resources": {"num_cpus": 1, "num_gpus": 0.0}})
        return ends

    def losses(self) -> dict[str, float]:
        self.run(self.w.check_rounds)
        net = self.inputs.network()
        net.load_state_dict(self.final)
        return {"test": self.inputs.test_loss(net)}

    def measure(self) -> float:
        """Without the first round, in which the actors start."""
        ends = self.run(self.w.rounds + 1)
        return (ends[-1] - ends[1]) / self.w.rounds
