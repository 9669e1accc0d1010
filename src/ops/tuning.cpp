#include "fedscape/ops/tuning.hpp"

#include <array>
#include <span>

#include "fedscape/base/hash.hpp"

namespace fedscape {

bool Tuning::library(const Product& product) const {
  const auto entry = entries.find(product);
  return entry != entries.end() && entry->second.library;
}

std::uint64_t Tuning::hash() const {
  std::uint64_t hash = kHashStart;
  for (const auto& [product, entry] : entries) {
    if (!entry.library) continue;  // as if it was not there
    const ops::ConvShape& s = product.shape;
    const std::array<int, 16> words{static_cast<int>(product.pass),
                                    product.batch,
                                    product.tf32,
                                    s.height,
                                    s.width,
                                    s.channels,
                                    s.filters,
                                    s.kernel_y,
                                    s.kernel_x,
                                    s.stride_y,
                                    s.stride_x,
                                    s.pad_y,
                                    s.pad_x,
                                    s.dilation_y,
                                    s.dilation_x,
                                    s.groups};
    hash = fnv1a(std::as_bytes(std::span(words)), hash);
  }
  return hash;
}

}  // namespace fedscape
