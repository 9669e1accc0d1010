#include "fedscape/ops/precision.hpp"

#include "fedscape/base/check.hpp"

namespace fedscape {

Precision parse_precision(std::string_view name) {
  if (name == "float32") return Precision::float32;
  if (name == "bf16") return Precision::bf16;
  FEDSCAPE_CHECK(name == "bf16x2", "precision: float32, bf16 or bf16x2 was expected, not '{}'", name);
  return Precision::bf16x2;
}

}  // namespace fedscape
