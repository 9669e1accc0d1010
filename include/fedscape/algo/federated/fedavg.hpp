#pragma once

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// FedAvg (McMahan, Moore, Ramage, Hampson and Aguera y Arcas, AISTATS 2017): clients train from the global model on
/// their own, the server averages what they arrive at:
///
///     theta <- theta + sum over k of a_k (theta_k - theta).
class FedAvg : public FederatedAlgorithm {};

}  // namespace fedscape
