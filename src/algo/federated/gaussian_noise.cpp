#include "src/algo/federated/gaussian_noise.hpp"

#include <vector>

#include "fedscape/base/at.hpp"
#include "fedscape/ops/reduce.hpp"
#include "fedscape/tensor/tensor.hpp"

namespace fedscape {

void add_gaussian_noise(Stream& stream, const RngKey& key, float deviation, std::span<const View<float>> parts) {
  std::int64_t floats = 0;
  for (const View<float>& part : parts) floats += part.size();
  std::vector<float> numbers(at(floats));
  fill_normal(key, 0, deviation, numbers);
  const float* next = numbers.data();
  for (const View<float>& part : parts) {
    const ArenaScope scope(stream);
    const Tensor<float> noise(stream, part.shape);
    copy_to_device(stream, noise.data(), next, at(part.size()) * sizeof(float));
    ops::axpby(stream, 1, noise, 1, part);
    next += part.size();
  }
}

}  // namespace fedscape
