#pragma once

#include <span>
#include <vector>

namespace fedscape {

/// The permutation p of 0..n-1 with the least sum over i of cost[i * n + p[i]], by LEMON's network simplex (Kiraly and
/// Kovacs, Acta Univ. Sapientiae Informatica 2012). Costs are finite; they are rounded to whole multiples of their
/// range divided by 2^60 / (2 (n + 2)^2): 2^38 of n = 1024. Of the cheapest permutations one that leaves the most in
/// place.
std::vector<int> cheapest_assignment(std::span<const double> cost, int n);

}  // namespace fedscape
