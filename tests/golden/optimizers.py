"""What PyTorch's optimisers, gradient clipping and schedules do to a vector, in float64.

Usage: python3 optimizers.py      writes optimizers.json beside this file (PyTorch 1.13 of Debian 12: python3-torch)

The first parameters and the gradient of every step come from formula.py; gradients do not depend on the parameters.
"""
import json
import pathlib

import torch

import formula

SIZE, STEPS, EPOCHS = 23, 6, 20
CASES = [
    {"optimizer": "sgd", "lr": 0.1},
    {"optimizer": "sgd", "lr": 0.1, "weight_decay": 0.01},
    {"optimizer": "sgd", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.01},
    {"optimizer": "sgd", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True},
    {"optimizer": "sgd", "lr": 0.1, "momentum": 0.9, "clip": 1.5},
    {"optimizer": "adam", "lr": 0.01},
    {"optimizer": "adam", "lr": 0.01, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3, "weight_decay": 0.1},
    {"optimizer": "adamw", "lr": 0.01, "weight_decay": 0.1},
    {"optimizer": "adamw", "lr": 0.01, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3, "weight_decay": 0.1, "clip": 0.5},
]


def make(options, parameters):
    common = {"lr": options["lr"], "weight_decay": options.get("weight_decay", 0.0)}
    if options["optimizer"] == "sgd":
        return torch.optim.SGD(parameters, momentum=options.get("momentum", 0.0),
                               nesterov=options.get("nesterov", False), **common)
    betas = options.get("beta1", 0.9), options.get("beta2", 0.999)
    kind = torch.optim.Adam if options["optimizer"] == "adam" else torch.optim.AdamW
    return kind(parameters, betas=betas, eps=options.get("eps", 1e-8), **common)


def steps(options):
    w = torch.nn.Parameter(torch.from_numpy(formula.values(1, (SIZE,))))
    optimizer, history = make(options, [w]), []
    for step in range(STEPS):
        w.grad = torch.from_numpy(formula.values(2 + step, (SIZE,)))
        if "clip" in options:
            torch.nn.utils.clip_grad_norm_([w], options["clip"])
        optimizer.step()
        history.append(w.detach().tolist())
    return history


def rates(make_schedule):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.3)
    schedule, history = make_schedule(optimizer), []
    for _ in range(EPOCHS):
        history.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return history


def main():
    scheduler = torch.optim.lr_scheduler
    content = {
        "size": SIZE,
        "cases": [{"options": options, "parameters": steps(options)} for options in CASES],
        "schedules": [
            {"options": {"schedule": "step", "milestones": "5, 12,15", "gamma": 0.2},
             "rates": rates(lambda o: scheduler.MultiStepLR(o, [5, 12, 15], 0.2))},
            {"options": {"schedule": "cosine"}, "rates": rates(lambda o: scheduler.CosineAnnealingLR(o, EPOCHS))},
        ],
    }
    path = pathlib.Path(__file__).parent / "optimizers.json"
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
