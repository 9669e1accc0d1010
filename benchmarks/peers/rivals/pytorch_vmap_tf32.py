"""FedAvg in PyTorch with all clients side by side and products in TF32."""
from rivals import device, pytorch_vmap

device.allow_tf32()
Rival = pytorch_vmap.Rival
