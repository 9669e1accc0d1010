#pragma once

#include <algorithm>
#include <cstdint>

/// Products of matrices whose elements are bf16, or float32 in two parts of bf16 (high + low; the right matrix alone,
/// or both, of whose four products the three that matter are taken), in tiles of 16 rows and 16 columns: by AMX where
/// processor and kernel have it, else in vector registers, with AVX512_BF16 or, slowly, without. The sum of one element
/// runs over the depth from first to last whatever surrounds it, so its bits depend on neither its place nor the sizes.
namespace fedscape::kernels::bf16 {

using Bf16 = std::uint16_t;  // the upper half of a float32

inline constexpr int kTile = 16;       // rows and columns of a tile of sums
inline constexpr int kTileDepth = 32;  // elements of the depth that one instruction takes
inline constexpr int kTileSize = kTile * kTileDepth;

constexpr std::int64_t tiles(std::int64_t n) { return (n + kTile - 1) / kTile; }

/// high[i] = x[i] rounded to the nearest bf16 and, unless low is null, low[i] = x[i] - high[i] likewise. What is not
/// finite stays that, but may become NaN.
void round_to_bf16(std::int64_t n, const float* x, Bf16* high, Bf16* low);

/// The depth of a product: stretches of `length` elements, each of them filled up to whole tiles by zeros on the right.
struct Depth {
  std::int64_t stretches, length;
  std::int64_t blocks() const { return (length + kTileDepth - 1) / kTileDepth; }  // of a stretch
};

/// The matrix on the left, read where it lies: stretch s of row r begins at r * row + s * jump. Whole tiles are read:
/// what lies behind the rows and stretches must be there, and finite.
struct Left {
  const Bf16 *high, *low;  // low null: one part; not null only where the right matrix has two
  std::int64_t row, jump;

  Left below(std::int64_t rows) const { return {high + rows * row, low ? low + rows * row : nullptr, row, jump}; }
};

/// The matrix on the right: for each tile of columns, block of the depth and part a tile [depth / 2, column, 2].
class Right {
 public:
  Right(const Depth& depth, bool two_parts, const Bf16* data) : depth_(depth), parts_(two_parts ? 2 : 1), data_(data) {}
  /// Elements of the packed matrix.
  static std::int64_t size(const Depth& depth, std::int64_t columns, bool two_parts) {
    return tiles(columns) * Right(depth, two_parts, nullptr).column_size();
  }
  /// From w [columns, stretches, length].
  static void pack(const Depth& depth, std::int64_t columns, bool two_parts, const float* w, Bf16* packed);

  const Depth& depth() const { return depth_; }
  bool two_parts() const { return parts_ == 2; }
  std::int64_t block_size() const { return parts_ * kTileSize; }
  std::int64_t column_size() const { return depth_.stretches * depth_.blocks() * block_size(); }
  const Bf16* column_tile(std::int64_t tile) const { return data_ + tile * column_size(); }

 private:
  Depth depth_;
  int parts_;
  const Bf16* data_;
};

/// Sums of `rows` rows from `row` on, and `columns` columns from `column` on: element (r, c) is at r * pitch + c.
struct Sums {
  std::int64_t row, column;
  int rows, columns, pitch;
  const float* data;
};

/// While it lives, the tiles of this thread are set up: one at a time.
class Multiplier {
 public:
  explicit Multiplier(bool by_amx = has_amx());
  ~Multiplier();
  Multiplier(const Multiplier&) = delete;
  Multiplier& operator=(const Multiplier&) = delete;

  /// Calls finish(Sums) for pieces that cover the product of `rows` rows and `columns` columns.
  template <class F>
  void operator()(const Left& left, std::int64_t rows, const Right& right, std::int64_t columns, F&& finish) const {
    for (std::int64_t tile = 0; tile < tiles(columns);) {
      const int wide = tile + 2 <= tiles(columns) ? 2 : 1, high = 4 / wide;
      for (std::int64_t row = 0; row < rows; row += high * kTile) {
        alignas(64) float sums[4 * kTile * kTile];
        const std::int64_t left_over = rows - row, column = tile * kTile;
        add_up(left.below(row), static_cast<int>(std::min<std::int64_t>(high, tiles(left_over))), right, tile, wide,
               sums);
        finish(Sums{row, column, static_cast<int>(std::min<std::int64_t>(high * kTile, left_over)),
                    static_cast<int>(std::min<std::int64_t>(wide * kTile, columns - column)), wide * kTile, sums});
      }
      tile += wide;
    }
  }

  /// Whether this machine multiplies tiles by AMX.
  static bool has_amx();

 private:
  /// sums [row_tiles * 16, column_tiles * 16]: 1 to 4 tiles of rows of one tile of columns, or 1 or 2 of two.
  void add_up(const Left& left, int row_tiles, const Right& right, std::int64_t tile, int column_tiles,
              float* sums) const;

  [[maybe_unused]] bool by_amx_;
};

}  // namespace fedscape::kernels::bf16
