"""Numbers that these scripts and the C++ tests both compute, so that the goldens need not store them."""
import numpy as np


def words(stream, count):
    """count 64-bit words: SplitMix64 (Steele et al., OOPSLA 2014) of stream * 2^40 + index."""
    with np.errstate(over="ignore"):
        z = np.arange(count, dtype=np.uint64) + np.uint64(stream << 40) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def values(stream, shape, centre=0.0, scale=1.0):
    """Floats centre + scale * u, u in [-1,1) with 24 bits, rounded to float32; returned as float64."""
    u = (words(stream, int(np.prod(shape))) >> np.uint64(40)).astype(np.float64) / 2**23 - 1
    return (centre + scale * u).astype(np.float32).astype(np.float64).reshape(shape)


def labels(stream, count, classes):
    return (words(stream, count) % np.uint64(classes)).astype(np.int64)


PROJECTIONS = 32


def projections(tensor):
    """Sums of the elements under PROJECTIONS sign patterns: pattern j takes bit j of word i for element i. Of an error
    e their mean square is |e|^2, so they tell a tensor's error without the tensor."""
    flat = np.asarray(tensor, dtype=np.float64).reshape(-1)
    bits = words(0, flat.size)
    return [float(np.sum(np.where((bits >> np.uint64(j)) & np.uint64(1), flat, -flat))) for j in range(PROJECTIONS)]
