#include "kernels/cpu/channel_moments.hpp"

#include "fedscape/device/team.hpp"
#include "fedscape/tensor/tensor.hpp"

namespace fedscape::kernels {

void channel_moments(Stream& stream, std::int64_t rows, int C, const float* x, double* mean, double* squares) {
  const ArenaScope scope(stream);
  const Tensor<double> sum(stream, {C}), spread(stream, {C});
  const Tensor<float> centre(stream, {C});
  std::fill_n(mean, C, 0.0);
  std::fill_n(squares, C, 0.0);
  for_each_chunk(rows, [&](std::int64_t begin, std::int64_t end) {
    const double n = static_cast<double>(end - begin), share = n / static_cast<double>(end);
    const float* const centres = centre.data();
    std::fill_n(sum.data(), C, 0.0);
    std::fill_n(spread.data(), C, 0.0);
    const auto element = [=](auto tile, std::int64_t r, int c) { return load<decltype(tile)>(x + r * C + c); };
    add_chunk(begin, end, C, element, sum.data());
    for (int c = 0; c < C; ++c) centre.data()[c] = static_cast<float>(sum.data()[c] / n);
    const auto squared_distance = [=](auto tile, std::int64_t r, int c) {
      const auto distance = load<decltype(tile)>(x + r * C + c) - load<decltype(tile)>(centres + c);
      return distance * distance;
    };
    add_chunk(begin, end, C, squared_distance, spread.data());
    for (int c = 0; c < C; ++c) {
      const double off = sum.data()[c] / n - centres[c];  // what rounding the centre to float left
      const double delta = sum.data()[c] / n - mean[c];
      mean[c] += delta * share;
      squares[c] += spread.data()[c] - n * off * off + delta * delta * share * static_cast<double>(begin);
    }
  });
}

void channel_moments(Stream& stream, const Pieces& pieces, int C, const float* x, double* mean, double* squares) {
  const ArenaScope scope(stream);
  const Tensor<double> parts(stream, {pieces.count, 2, C});
  const auto part = [&](std::int64_t p) { return parts.data() + p * 2 * C; };
  share_out(stream, pieces.count, [&](Stream& own, std::int64_t p) {
    channel_moments(own, pieces.size(p), C, x + pieces.begin(p) * C, part(p), part(p) + C);
  });
  std::fill_n(mean, C, 0.0);
  std::fill_n(squares, C, 0.0);
  for (std::int64_t p = 0; p < pieces.count; ++p) {
    const double before = static_cast<double>(pieces.begin(p)), n = static_cast<double>(pieces.size(p));
    const double share = n / (before + n);
    for (int c = 0; c < C; ++c) {
      const double delta = part(p)[c] - mean[c];
      mean[c] += delta * share;
      squares[c] += part(p)[C + c] + delta * delta * share * before;
    }
  }
}

void gradient_sums(std::int64_t rows, int C, const float* x, const float* dy, const float* mean, const float* inverse,
                   double* by_one, double* by_x) {
  const auto element = [=](auto tile, std::int64_t r, int c) { return load<decltype(tile)>(dy + r * C + c); };
  const auto product = [=](auto tile, std::int64_t r, int c) {
    using V = decltype(tile);
    const V h = (load<V>(x + r * C + c) - load<V>(mean + c)) * load<V>(inverse + c);
    return load<V>(dy + r * C + c) * h;
  };
  for_each_chunk(rows, [&](std::int64_t begin, std::int64_t end) {
    add_chunk(begin, end, C, element, by_one);
    add_chunk(begin, end, C, product, by_x);
  });
}

void gradient_sums(Stream& stream, const Pieces& pieces, int C, const float* x, const float* dy, const float* mean,
                   const float* inverse, double* by_one, double* by_x) {
  const ArenaScope scope(stream);
  const Tensor<double> parts(stream, {pieces.count, 2, C});
  std::fill_n(parts.data(), parts.size(), 0.0);
  const auto part = [&](std::int64_t p) { return parts.data() + p * 2 * C; };
  share_out(stream, pieces.count, [&](Stream&, std::int64_t p) {
    const std::int64_t at = pieces.begin(p) * C;
    gradient_sums(pieces.size(p), C, x + at, dy + at, mean, inverse, part(p), part(p) + C);
  });
  for (std::int64_t p = 0; p < pieces.count; ++p)
    for (int c = 0; c < C; ++c) by_one[c] += part(p)[c], by_x[c] += part(p)[C + c];
}

}  // namespace fedscape::kernels
