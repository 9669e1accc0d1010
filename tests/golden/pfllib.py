"""Federations of github.com/TsingZ0/PFLlib on the one of tiny.py."""
import importlib
import types

import torch

from tiny import CLASSES, Net, flat, golden, in_order, stand_in, tensors_of


class Split(Net):
    """The network with the names of that library for its halves."""

    base = property(lambda self: self.encoder)
    head = property(lambda self: self.classifier)


def pfllib(checkouts, module, class_name, counts, options, prepared=lambda client: None, **arguments):
    """Two rounds of a server class; `prepared` is called with each client first. Gives the golden and the clients."""
    args = types.SimpleNamespace(
        model=Split(False).double(), algorithm="", dataset="tiny", device="cpu", save_folder_name="", batch_size=4,
        num_classes=CLASSES, local_learning_rate=0.1, local_epochs=1, few_shot=0, learning_rate_decay_gamma=1.0,
        learning_rate_decay=False, global_rounds=2, num_clients=len(counts), join_ratio=1.0, random_join_ratio=False,
        time_select=False, goal="", time_threthold=1e9, top_cnt=0, auto_break=False, eval_gap=1, client_drop_rate=0.0,
        train_slow_rate=0.0, send_slow_rate=0.0, dlg_eval=False, dlg_gap=1, batch_num_per_client=0, num_new_clients=0,
        fine_tuning_epoch_new=0, **arguments)
    history = []
    with checkouts.code_of("TsingZ0/PFLlib", "d832e76", "system") as (_, source), in_order():
        stand_in("h5py")
        stand_in("sklearn", metrics=None)
        stand_in("sklearn.preprocessing", label_binarize=None)
        stand_in("utils")
        stand_in("utils.dlg", DLG=None)
        stand_in("utils.data_utils",
                 read_client_data=lambda _, k, **__: torch.utils.data.TensorDataset(*tensors_of(k, counts[k])))
        torch.set_default_dtype(torch.float64)
        try:
            server = getattr(importlib.import_module("flcore.servers." + module), class_name)(args, 0)
            for client in server.clients:
                prepared(client)
            server.selected_clients = server.clients
            for _ in range(args.global_rounds):
                server.send_models()
                for client in server.clients:
                    client.train()
                server.receive_models()
                server.aggregate_parameters()
                history.append(flat(server.global_model))
        finally:
            torch.set_default_dtype(torch.float32)
    return golden(source, counts, {**options, "weights": "samples"}, history), server.clients
