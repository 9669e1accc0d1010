#include "fedscape/algo/federated/balanced_softmax.hpp"

#include <cmath>

namespace fedscape {

void BalancedSoftmax::options(Fields& f) {
  f.field("tau", tau, "balanced softmax: weight of the logarithms of the class counts; 0: FedAvg");
}

double BalancedSoftmax::shift(double count) const { return std::log(count); }

}  // namespace fedscape
