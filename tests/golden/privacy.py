"""Epsilons of Gaussian noise on sampled clients, by dp-accounting and by sums of 300 digits.

Usage: python3 privacy.py      writes privacy.json beside this file (PyPI: dp-accounting 0.6.0, which brings mpmath)

`noise` is the deviation over the sensitivity. Divergences by 300 digits are those that alternating sums of doubles
cannot resolve, and of Poisson sampling at fractional orders: there dp-accounting adds up magnitudes of terms of either
sign, a bound that is up to 2 % too high. Hence the epsilons of Poisson sampling are cases whose best order is an
integer. Orders above 256 are left out: for cohorts of a fixed size dp-accounting takes a looser bound there.
"""
import json
import pathlib

import dp_accounting as dp
import mpmath
from dp_accounting.rdp import rdp_privacy_accountant as rdp

ORDERS = [1 + x / 10 for x in range(1, 100)] + list(range(11, 64)) + [128, 256]
POISSON = [(0.1, 4.0, 40, 1e-5), (0.1, 4.0, 10, 1e-5), (0.001, 0.5, 10000, 1e-6), (0.05, 4.0, 200, 1e-7),
           (0.5, 8.0, 10, 1e-5), (0.5, 16.0, 5, 1e-5)]
FIXED = [(0.01, 1.1, 1000, 1e-5), (0.1, 0.7, 40, 1e-5), (0.001, 0.5, 10000, 1e-6), (0.05, 1.5, 200, 1e-7),
         (0.1, 1.0, 10, 1e-5), (1.0, 3.0, 12, 1e-5)]
FRACTIONS = [(0.1, 0.7, 1.9), (0.1, 0.7, 2.5), (0.5, 2.0, 5.3), (0.01, 1.1, 10.5), (0.3, 3.0, 1.1)]
DIVERGENCES = [(0.1, 0.5), (0.1, 1.0), (0.01, 2.0), (0.02, 20.0), (0.3, 200.0), (1e-5, 0.8)]


def best_is_an_integer(accountant, delta):
    order = accountant.get_epsilon_and_optimal_order(delta)[1]
    assert float(order).is_integer(), order


def poisson(rate, noise, rounds, delta):
    accountant = rdp.RdpAccountant(ORDERS, dp.NeighboringRelation.ADD_OR_REMOVE_ONE)
    accountant.compose(dp.PoissonSampledDpEvent(rate, dp.GaussianDpEvent(noise)), rounds)
    best_is_an_integer(accountant, delta)
    return accountant.get_epsilon(delta)


def fixed(rate, noise, rounds, delta):
    accountant = rdp.RdpAccountant(ORDERS, dp.NeighboringRelation.REPLACE_ONE)
    clients = 100000
    event = dp.SampledWithoutReplacementDpEvent(clients, round(rate * clients), dp.GaussianDpEvent(noise))
    accountant.compose(event, rounds)
    return accountant.get_epsilon(delta)


def exact_fixed(alpha, rate, noise):
    """Theorem 27 of arXiv 1808.00087, not above the divergence without sampling."""
    def exponential(x):
        return mpmath.exp(mpmath.mpf(x) * (x - 1) / (2 * mpmath.mpf(noise)**2))

    def moment(l):
        return mpmath.fsum((-1)**(l - i) * mpmath.binomial(l, i) * exponential(i) for i in range(l + 1))

    total = mpmath.mpf(1)
    for j in range(2, alpha + 1):
        even = 4 * mpmath.sqrt(moment(2 * (j // 2)) * moment(2 * ((j + 1) // 2)))
        total += mpmath.binomial(alpha, j) * mpmath.mpf(rate)**j * min(even, 2 * exponential(j))
    return float(min(mpmath.log(total) / (alpha - 1), alpha / (2 * mpmath.mpf(noise)**2)))


def exact_poisson(alpha, rate, noise):
    """The moment of an integer order, as a binomial sum (Mironov, Talwar and Zhang, section 3.3)."""
    total = mpmath.fsum(mpmath.binomial(alpha, k) * (1 - mpmath.mpf(rate))**(alpha - k) * mpmath.mpf(rate)**k *
                        mpmath.exp(mpmath.mpf(k) * (k - 1) / (2 * mpmath.mpf(noise)**2)) for k in range(alpha + 1))
    return float(mpmath.log(total) / (alpha - 1))


def exact_fraction(rate, noise, alpha):
    noise = mpmath.mpf(noise)

    def integrand(x):
        return mpmath.npdf(x) * ((1 - rate) + rate * mpmath.exp(x / noise - 1 / (2 * noise**2)))**alpha

    mean = mpmath.quad(integrand, [-16, -8, -4, -2, 0, 1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40])
    return float(mpmath.log(mean) / (alpha - 1))


def main():
    mpmath.mp.dps = 30
    fractions = [{"rate": rate, "noise": noise, "order": order, "poisson": exact_fraction(rate, noise, order)}
                 for rate, noise, order in FRACTIONS]
    mpmath.mp.dps = 300
    content = {
        "poisson": [dict(zip(("rate", "noise", "rounds", "delta"), case), epsilon=poisson(*case)) for case in POISSON],
        "fixed": [dict(zip(("rate", "noise", "rounds", "delta"), case), epsilon=fixed(*case)) for case in FIXED],
        "fractions": fractions,
        "divergences": [{"rate": rate, "noise": noise, "order": order, "fixed": exact_fixed(order, rate, noise),
                         "poisson": exact_poisson(order, rate, noise)}
                        for rate, noise in DIVERGENCES for order in (2, 3, 8, 33, 128)],
    }
    path = pathlib.Path(__file__).parent / "privacy.json"
    path.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
