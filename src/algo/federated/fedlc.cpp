#include "fedscape/algo/federated/fedlc.hpp"

#include <cmath>

namespace fedscape {

void FedLc::options(Fields& f) {
  f.field("tau", tau, "FedLC: how much larger the margins of classes with few samples are; 0: FedAvg");
}

double FedLc::shift(double count) const { return -std::pow(count, -0.25); }

}  // namespace fedscape
