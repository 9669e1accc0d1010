"""FedAvg in PyTorch with products in TF32."""
from rivals import device, pytorch

device.allow_tf32()
Rival = pytorch.Rival
