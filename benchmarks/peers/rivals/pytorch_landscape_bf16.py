"""The same landscape with weights, activations and products in bf16; weights are moved and batch norms folded in float32."""
import torch

from rivals import pytorch_landscape


class Rival(pytorch_landscape.Rival):
    @staticmethod
    def for_products(net: torch.nn.Module) -> torch.nn.Module:
        return net.bfloat16()

    @torch.inference_mode()
    def evaluate(self, way, samples: int | None = None) -> float:
        forward, batch = way
        return super().evaluate((lambda x: forward(x.bfloat16()).float(), batch), samples)
