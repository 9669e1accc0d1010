#pragma once

#include "fedscape/algo/federated/restricted.hpp"
#include "fedscape/algo/federated/scaffold.hpp"

namespace fedscape {

/// ScaffoldRS (FedRepo release of Li and Zhan, KDD 2021): SCAFFOLD's control variates on FedRS's local objective.
/// alpha = 1 is SCAFFOLD.
using ScaffoldRs = Restricted<Scaffold>;

}  // namespace fedscape
