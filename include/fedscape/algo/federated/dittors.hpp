#pragma once

#include "fedscape/algo/federated/ditto.hpp"
#include "fedscape/algo/federated/restricted.hpp"

namespace fedscape {

/// DittoRS (release of MAP: Li, Song, Li, Li, Shao, Yang and Zhan, TKDE 2024): what is sent is trained by FedRS, models
/// of clients as in Ditto, by plain cross-entropy. alpha = 1 is Ditto. That release has mask = soft.
using DittoRs = Restricted<Ditto>;

}  // namespace fedscape
