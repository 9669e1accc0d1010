#include "kernels/cpu/bf16_product.hpp"

#include <cstring>

#include "kernels/cpu/wide.hpp"

#if defined(__AVX512BF16__) || defined(__AMX_BF16__)
#include <immintrin.h>
#endif
#ifdef __AMX_BF16__
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace fedscape::kernels::bf16 {

namespace {

// Vectors are handed on by reference: what 64 bytes are passed in differs with the processor.
using Lanes = float __attribute__((vector_size(64)));
using Bits = std::uint32_t __attribute__((vector_size(64)));
using Rounded = Bf16 __attribute__((vector_size(32)));

#ifdef __AVX512BF16__

void round(const Lanes& value, Rounded& rounded) { rounded = (Rounded)_mm512_cvtneps_pbh(value); }

/// sum += the products of a pair of the depth with the pairs of all columns.
void add_pair(std::uint32_t pair, const Bf16* columns, Lanes& sum) {
  sum =
      _mm512_dpbf16_ps(sum, (__m512bh)_mm512_set1_epi32(static_cast<int>(pair)), (__m512bh)_mm512_loadu_si512(columns));
}

#else

void round(const Lanes& value, Rounded& rounded) {
  const Bits bits = (Bits)value, quiet_nan = bits | 0x400000u;
  const Bits nearest = bits + 0x7fffu + (bits >> 16 & 1u);
  rounded = __builtin_convertvector((value == value ? nearest : quiet_nan) >> 16, Rounded);
}

void add_pair(std::uint32_t pair, const Bf16* columns, Lanes& sum) {
  const std::uint32_t halves[2] = {pair << 16, pair & 0xffff0000u};
  float factors[2];
  Bits pairs;
  std::memcpy(&factors, &halves, sizeof factors);
  std::memcpy(&pairs, columns, sizeof pairs);
  sum += factors[0] * (Lanes)(pairs << 16);
  sum += factors[1] * (Lanes)(pairs & 0xffff0000u);
}

#endif

/// 16 floats; low may be null.
void round_block(const float* x, Bf16* high, Bf16* low) {
  Lanes value;
  Rounded upper, rest;
  std::memcpy(&value, x, sizeof value);
  round(value, upper);
  std::memcpy(high, &upper, sizeof upper);
  if (!low) return;
  round(value - (Lanes)(__builtin_convertvector(upper, Bits) << 16), rest);
  std::memcpy(low, &rest, sizeof rest);
}

/// Calls f(high, low, tile) for the blocks of the depth, in order: where the rows' elements of the block begin (low
/// null: one part), and the block of the right matrix, b being the first.
template <class F>
void for_each_block(const Left& left, const Right& right, const Bf16* b, F&& f) {
  for (std::int64_t s = 0; s < right.depth().stretches; ++s)
    for (std::int64_t j = 0; j < right.depth().blocks(); ++j, b += right.block_size()) {
      const std::int64_t at = s * left.jump + j * kTileDepth;
      f(left.high + at, left.low ? left.low + at : nullptr, b);
    }
}

constexpr int kRows = kWide == 16 ? 8 : 4;  // rows whose sums lie in registers

/// Adds the products of kRows rows from `a` on with one tile of the right matrix.
void add_tile(const Bf16* a, std::int64_t row, const Bf16* b, Lanes (&sums)[kRows]) {
  for (int d = 0; d < kTileDepth; d += 2)
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      std::uint32_t pair;
      std::memcpy(&pair, a + r * row + d, sizeof pair);
      add_pair(pair, b + d * kTile, sums[r]);
    }
}

void add_up_in_registers(const Left& left, int rows, const Right& right, const Bf16* b, float* sums, int pitch) {
  for (int first = 0; first < rows; first += kRows) {
    Lanes sum[kRows] = {};
    for_each_block(left.below(first), right, b, [&](const Bf16* high, const Bf16* low, const Bf16* tile) {
      if (right.two_parts()) add_tile(high, left.row, tile + kTileSize, sum);
      add_tile(high, left.row, tile, sum);
      if (low) add_tile(low, left.row, tile, sum);
    });
    for (int r = 0; r < kRows; ++r) std::memcpy(sums + (first + r) * pitch, &sum[r], sizeof sum[r]);
  }
}

#ifdef __AMX_BF16__

/// Asks the kernel for the state of tiles, which a process gets on demand only.
bool request_tiles() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

/// What registers 0 to 7 hold: 16 rows of 64 bytes.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
constexpr TileConfig kTileConfig;  // in memory for sure: gcc's intrinsics do not say what they read

// Tiles are named by literals. Registers 0 to 3 hold sums, 4 and 5 the left matrix, 6 and 7 the right one.

/// Up to four tiles of rows of one tile of columns.
void add_column(const Left& left, int row_tiles, const Right& right, const Bf16* b, float* sums) {
  const std::int64_t row = left.row * static_cast<std::int64_t>(sizeof(Bf16)), next = kTile * left.row;
  const bool two_parts = right.two_parts();
  const auto load_rows = [=](const Bf16* a, bool second) {
    _tile_loadd(4, a, row);
    if (second) _tile_loadd(5, a + next, row);
  };
  /// Two tiles of rows; by_low and by_high multiply them with the parts of the right matrix.
  const auto add = [=](const Bf16* high, const Bf16* low, bool second, auto by_high, auto by_low) {
    load_rows(high, second);
    if (two_parts) by_low(second);
    by_high(second);
    if (!low) return;
    load_rows(low, second);
    by_high(second);
  };
  const auto upper_by_high = [](bool second) {
    _tile_dpbf16ps(0, 4, 6);
    if (second) _tile_dpbf16ps(1, 5, 6);
  };
  const auto upper_by_low = [](bool second) {
    _tile_dpbf16ps(0, 4, 7);
    if (second) _tile_dpbf16ps(1, 5, 7);
  };
  const auto lower_by_high = [](bool second) {
    _tile_dpbf16ps(2, 4, 6);
    if (second) _tile_dpbf16ps(3, 5, 6);
  };
  const auto lower_by_low = [](bool second) {
    _tile_dpbf16ps(2, 4, 7);
    if (second) _tile_dpbf16ps(3, 5, 7);
  };
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for_each_block(left, right, b, [&](const Bf16* high, const Bf16* low, const Bf16* tile) {
    _tile_loadd(6, tile, 64);
    if (two_parts) _tile_loadd(7, tile + kTileSize, 64);
    add(high, low, row_tiles > 1, upper_by_high, upper_by_low);
    if (row_tiles > 2) add(high + 2 * next, low ? low + 2 * next : nullptr, row_tiles > 3, lower_by_high, lower_by_low);
  });
  constexpr std::int64_t kPitch = kTile * sizeof(float);
  _tile_stored(0, sums, kPitch);
  if (row_tiles > 1) _tile_stored(1, sums + kTile * kTile, kPitch);
  if (row_tiles > 2) _tile_stored(2, sums + 2 * kTile * kTile, kPitch);
  if (row_tiles > 3) _tile_stored(3, sums + 3 * kTile * kTile, kPitch);
}

/// One or two tiles of rows of two tiles of columns.
void add_pair_of_columns(const Left& left, int row_tiles, const Right& right, const Bf16* b, float* sums) {
  const std::int64_t row = left.row * static_cast<std::int64_t>(sizeof(Bf16)), next = kTile * left.row;
  const std::int64_t beside = right.column_size();
  const bool two = row_tiles > 1;
  const auto load_left = [=](const Bf16* a) {
    _tile_loadd(4, a, row);
    if (two) _tile_loadd(5, a + next, row);
  };
  const auto load_right = [=](const Bf16* tile) {
    _tile_loadd(6, tile, 64);
    _tile_loadd(7, tile + beside, 64);
  };
  const auto multiply = [=] {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    if (!two) return;
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  };
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for_each_block(left, right, b, [&](const Bf16* high, const Bf16* low, const Bf16* tile) {
    load_left(high);
    if (right.two_parts()) {
      load_right(tile + kTileSize);
      multiply();
    }
    load_right(tile);
    multiply();
    if (low) {
      load_left(low);
      multiply();
    }
  });
  constexpr std::int64_t kPitch = 2 * kTile * sizeof(float);
  _tile_stored(0, sums, kPitch);
  _tile_stored(1, sums + kTile, kPitch);
  if (!two) return;
  _tile_stored(2, sums + 2 * kTile * kTile, kPitch);
  _tile_stored(3, sums + 2 * kTile * kTile + kTile, kPitch);
}

#endif

}  // namespace

void round_to_bf16(std::int64_t n, const float* x, Bf16* high, Bf16* low) {
  std::int64_t i = 0;
  for (; i + kTile <= n; i += kTile) round_block(x + i, high + i, low ? low + i : nullptr);
  if (i == n) return;
  float last[kTile] = {};
  Bf16 last_high[kTile], last_low[kTile];
  std::copy(x + i, x + n, last);
  round_block(last, last_high, last_low);
  std::copy_n(last_high, n - i, high + i);
  if (low) std::copy_n(last_low, n - i, low + i);
}

void Right::pack(const Depth& depth, std::int64_t columns, bool two_parts, const float* w, Bf16* packed) {
  const std::int64_t column_length = depth.stretches * depth.length;
  const std::int64_t block = Right(depth, two_parts, nullptr).block_size();
  for (std::int64_t tile = 0; tile < tiles(columns); ++tile)
    for (std::int64_t s = 0; s < depth.stretches; ++s)
      for (std::int64_t d = 0; d < depth.length; d += kTileDepth, packed += block) {
        const std::int64_t count = std::min<std::int64_t>(kTileDepth, depth.length - d);
        for (std::int64_t c = 0; c < kTile; ++c) {
          Bf16 high[kTileDepth] = {}, low[kTileDepth] = {};
          const std::int64_t column = tile * kTile + c;
          if (column < columns)
            round_to_bf16(count, w + column * column_length + s * depth.length + d, high, two_parts ? low : nullptr);
          for (int pair = 0; pair < kTileDepth / 2; ++pair) {
            Bf16* const to = packed + (pair * kTile + c) * 2;
            std::memcpy(to, high + 2 * pair, 2 * sizeof(Bf16));
            if (two_parts) std::memcpy(to + kTileSize, low + 2 * pair, 2 * sizeof(Bf16));
          }
        }
      }
}

#ifdef __AMX_BF16__

bool Multiplier::has_amx() {
  static const bool has = request_tiles();
  return has;
}

Multiplier::Multiplier(bool by_amx) : by_amx_(by_amx) {
  if (by_amx_) _tile_loadconfig(&kTileConfig);
}

Multiplier::~Multiplier() {
  if (by_amx_) _tile_release();
}

#else

bool Multiplier::has_amx() { return false; }
Multiplier::Multiplier(bool by_amx) : by_amx_(by_amx) {}
Multiplier::~Multiplier() {}

#endif

void Multiplier::add_up(const Left& left, int row_tiles, const Right& right, std::int64_t tile, int column_tiles,
                        float* sums) const {
  const Bf16* const b = right.column_tile(tile);
#ifdef __AMX_BF16__
  asm volatile("" ::: "memory");  // all that the tiles are loaded from has been stored
  if (by_amx_) return (column_tiles == 1 ? add_column : add_pair_of_columns)(left, row_tiles, right, b, sums);
#endif
  const int pitch = column_tiles * kTile;
  for (int column = 0; column < column_tiles; ++column)
    add_up_in_registers(left, row_tiles * kTile, right, b + column * right.column_size(), sums + column * kTile, pitch);
}

}  // namespace fedscape::kernels::bf16
