"""The landscape with products in TF32."""
from rivals import device, pytorch_landscape

device.allow_tf32()
Rival = pytorch_landscape.Rival
