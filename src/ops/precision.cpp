#include "fedscape/ops/precision.hpp"

#include "fedscape/base/suggest.hpp"

namespace fedscape {

Precision parse_precision(std::string_view name) {
  return static_cast<Precision>(choice_of("precision", name, kPrecisionNames));
}

}  // namespace fedscape
