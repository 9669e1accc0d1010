#pragma once

#include "fedscape/device/stream.hpp"
#include "kernels/cpu/channel_sums.hpp"

/// What normalisation needs of each channel of a matrix [rows, C].
namespace fedscape::kernels {

/// Samples whose sums are taken in one go. Those of a large batch are merged from such pieces, with a team and without.
inline constexpr std::int64_t kSummedSamples = 16;

/// How many such pieces the rows of a batch make, in whole chunks.
struct Pieces {
  Pieces(std::int64_t rows_in, std::int64_t positions)
      : rows(rows_in),
        each((kSummedSamples * positions + kChunkRows - 1) / kChunkRows * kChunkRows),
        count((rows + each - 1) / each) {}
  std::int64_t begin(std::int64_t p) const { return p * each; }
  std::int64_t size(std::int64_t p) const { return std::min(each, rows - begin(p)); }
  std::int64_t rows, each, count;
};

/// mean [C], and squares [C]: the sum of squared distances from it. Chunks are centred on their own means and merged
/// (Chan, Golub and LeVeque, COMPSTAT 1982), so a large mean costs no digits.
void channel_moments(Stream& stream, std::int64_t rows, int C, const float* x, double* mean, double* squares);
/// The same of a batch, whose pieces are merged in their order.
void channel_moments(Stream& stream, const Pieces& pieces, int C, const float* x, double* mean, double* squares);

/// by_one[c] += sum of dy, by_x[c] += sum of dy * (x - mean) * inverse.
void gradient_sums(std::int64_t rows, int C, const float* x, const float* dy, const float* mean, const float* inverse,
                   double* by_one, double* by_x);
/// The same of a batch, whose pieces are added in their order.
void gradient_sums(Stream& stream, const Pieces& pieces, int C, const float* x, const float* dy, const float* mean,
                   const float* inverse, double* by_one, double* by_x);

}  // namespace fedscape::kernels
