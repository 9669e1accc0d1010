"""The same as rivals/pytorch.py with one process of one thread for each core: how small models use two cores best."""
from rivals.pytorch import Rival

__all__ = ["Rival"]
