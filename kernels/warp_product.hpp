#pragma once

#include "kernels/mma.hpp"
#include "kernels/product_operands.hpp"
#include "kernels/product_tiles.hpp"

/// The product of one block (see product.hpp) whose sums tensor cores take, from operands that are rounded as they
/// enter shared memory, or were when they were packed.
namespace fedscape::kernels {

/// Operands in one or two parts of bf16: inputs, and filters that are packed so, two elements in a word.
template <int kOfInputs, int kOfFilters>
struct Parts : Bf16Words {
  static constexpr int kInputs = kOfInputs, kFilters = kOfFilters;
  struct alignas(4) Cell {  // a word, whose halves two threads may write
    Bf16 v[2];
  };
  /// Puts element k of a line there.
  FEDSCAPE_HOST_DEVICE static void put_left(Cell* line, int k, float value, int part) {
    line[k / 2].v[k % 2] = bf16_part(value, part);
  }
  FEDSCAPE_HOST_DEVICE static Cell right_cell(Word packed) { return std::bit_cast<Cell>(packed); }
};

/// Operands in tf32, from floats.
struct Tf32 : Tf32Words {
  static constexpr int kInputs = 1, kFilters = 1;
  using Cell = Word;
  FEDSCAPE_HOST_DEVICE static void put_left(Cell* line, int k, float value, int) { line[k] = to_tf32(value); }
  FEDSCAPE_HOST_DEVICE static Cell right_cell(float value) { return to_tf32(value); }
};

/// A tile of kRows x kColumns sums, kHigh x kWide for each warp; kSlice elements of the depth at a time, in kWords.
template <int kRowsOfTile, int kColumnsOfTile, int kHighOfWarp, int kWideOfWarp, int kWordsOfSlice>
struct WarpTile {
  static constexpr int kRows = kRowsOfTile, kColumns = kColumnsOfTile, kHigh = kHighOfWarp, kWide = kWideOfWarp;
  static constexpr int kSlice = 16, kWords = kWordsOfSlice;
  static constexpr int kAcross = kColumns / kWide;
  static constexpr int kThreads = 32 * (kRows / kHigh) * kAcross;
  /// As Tile's: a tensor core takes a product for about eight of a thread's in bf16, for four in tf32.
  static constexpr std::int64_t kCost = kRows * kColumns * kWords / 64 + 15 * kRows + 8 * kColumns;
};
template <int kRows, int kColumns, int kHigh, int kWide>
using Bf16Tile = WarpTile<kRows, kColumns, kHigh, kWide, 8>;
template <int kRows, int kColumns, int kHigh, int kWide>
using Tf32Tile = WarpTile<kRows, kColumns, kHigh, kWide, 16>;

using Bf16Tiles =
    TileList<Bf16Tile<128, 64, 32, 32>, Bf16Tile<128, 32, 32, 16>, Bf16Tile<128, 16, 32, 16>, Bf16Tile<16, 64, 16, 16>>;
/// As OutputTiles and WeightTiles.
using Tf32OutputTiles = TileList<Tf32Tile<128, 64, 32, 32>, Tf32Tile<128, 32, 32, 16>, Tf32Tile<128, 16, 32, 16>,
                                 Tf32Tile<128, 8, 32, 8>, Tf32Tile<16, 64, 16, 16>>;
using Tf32WeightTiles = TileList<Tf32Tile<64, 64, 32, 16>, Tf32Tile<32, 128, 32, 16>, Tf32Tile<16, 128, 16, 16>>;

/// Registers of a lane from lines of shared memory, `pitch` words apart.
template <class FragmentOf, class Cell, FragmentPlace (*kPlace)(int, int)>
struct LoadFragment {
  using Fragment = FragmentOf;
  const Cell* from;
  int pitch;
  FEDSCAPE_HOST_DEVICE Fragment operator()(int lane) const {
    Fragment f;
    FEDSCAPE_UNROLL
    for (int i = 0; i < static_cast<int>(sizeof(f.v) / sizeof(f.v[0])); ++i) {
      const FragmentPlace at = kPlace(lane, i);
      f.v[i] = std::bit_cast<Word>(from[at.line * pitch + at.word]);
    }
    return f;
  }
};

/// As Product. Right: packed words (bf16) or floats (tf32).
template <class TileOf, class P, class Left, class RightOf, class Target>
struct WarpProduct {
  using T = TileOf;
  using Right = RightOf;
  static constexpr int kPitch = T::kWords + 4;  // + 4: no bank conflicts
  static constexpr int kDown = T::kHigh / 16, kAside = T::kWide / 8;
  static_assert(T::kWords * P::kElements == T::kSlice);
  struct Shared {
    typename P::Cell left[2][P::kInputs][T::kRows][kPitch], right[2][P::kFilters][T::kColumns][kPitch];
  };

  Left left;
  Right right[P::kFilters];
  Target target;
  Index row, column, depth, slices;  // as Product's

  class Thread {
   public:
    FEDSCAPE_HOST_DEVICE void start(const WarpProduct& p, int id) {
      for (auto& high : sums_)
        for (auto& wide : high)
          for (float& sum : wide) sum = 0;
      row_sum_ = 0;
      left_.start(p.left, id, p.row);
      for (int part = 0; part < P::kFilters; ++part) right_[part].start(p.right[part], id, p.column);
    }
    FEDSCAPE_HOST_DEVICE void fetch(const WarpProduct& p, int id, Index slice) {
      left_.fetch(p.left, id, p.depth + slice * T::kSlice);
      FEDSCAPE_UNROLL
      for (int part = 0; part < P::kFilters; ++part)
        right_[part].fetch(p.right[part], id, p.depth / P::kElements + slice * T::kWords);
    }
    FEDSCAPE_HOST_DEVICE void put(Shared& shared, int id, Index slice) const {
      left_.for_each(id, [&](int line, int k, float value) {
        FEDSCAPE_UNROLL
        for (int part = 0; part < P::kInputs; ++part) P::put_left(shared.left[slice % 2][part][line], k, value, part);
      });
      FEDSCAPE_UNROLL
      for (int part = 0; part < P::kFilters; ++part)
        right_[part].for_each(id, [&](int line, int k, typename Right::Value value) {
          shared.right[slice % 2][part][line][k] = P::right_cell(value);
        });
    }
    FEDSCAPE_HOST_DEVICE void multiply(const WarpProduct& p, const Shared& shared, int id, Index slice);
    FEDSCAPE_HOST_DEVICE void finish(const WarpProduct& p, int id) const;

   private:
    FEDSCAPE_HOST_DEVICE static int first_row(int id) { return id / 32 / T::kAcross * T::kHigh; }
    FEDSCAPE_HOST_DEVICE static int first_column(int id) { return id / 32 % T::kAcross * T::kWide; }
    FEDSCAPE_HOST_DEVICE void multiply_step(const Shared& shared, int id, Index slice, int first_word);

    Share<Left, T::kRows, T::kSlice, T::kThreads> left_;
    Share<Right, T::kColumns, T::kWords, T::kThreads> right_[P::kFilters];
    float sums_[kDown][kAside][4];
    float row_sum_;
  };

  FEDSCAPE_HOST_DEVICE Right& only_right() { return right[0]; }
  FEDSCAPE_HOST_DEVICE bool sums_rows() const { return Target::kSumsRows && column == 0; }

  template <class Each>
  FEDSCAPE_HOST_DEVICE void run(Shared& shared, Each each) const {
    run_slices(*this, shared, each);
  }
};

template <class TileOf, class P, class Left, class RightOf, class Target>
FEDSCAPE_HOST_DEVICE void WarpProduct<TileOf, P, Left, RightOf, Target>::Thread::multiply_step(const Shared& shared,
                                                                                               int id, Index slice,
                                                                                               int first_word) {
  const int lane = id % 32;
  Held<LoadFragment<LeftFragment, typename P::Cell, left_place>> a[P::kInputs][kDown];
  Held<LoadFragment<RightFragment, typename P::Cell, right_place>> b[P::kFilters][kAside];
  FEDSCAPE_UNROLL
  for (int i = 0; i < P::kInputs * kDown; ++i) {
    const int part = i / kDown, down = i % kDown;
    a[part][down].take({shared.left[slice % 2][part][first_row(id) + down * 16] + first_word, kPitch}, lane);
  }
  FEDSCAPE_UNROLL
  for (int j = 0; j < P::kFilters * kAside; ++j) {
    const int part = j / kAside, aside = j % kAside;
    b[part][aside].take({shared.right[slice % 2][part][first_column(id) + aside * 8] + first_word, kPitch}, lane);
  }
  FEDSCAPE_UNROLL
  for (int i = 0; i < kDown * kAside; ++i) {
    const int down = i / kAside, aside = i % kAside;
    warp_multiply<P>(lane, a[0][down], b[0][aside], sums_[down][aside]);
    if constexpr (P::kFilters == 2) warp_multiply<P>(lane, a[0][down], b[1][aside], sums_[down][aside]);
    if constexpr (P::kInputs == 2) warp_multiply<P>(lane, a[1][down], b[0][aside], sums_[down][aside]);
  }
}

template <class TileOf, class P, class Left, class RightOf, class Target>
FEDSCAPE_HOST_DEVICE void WarpProduct<TileOf, P, Left, RightOf, Target>::Thread::multiply(const WarpProduct& p,
                                                                                          const Shared& shared, int id,
                                                                                          Index slice) {
  FEDSCAPE_UNROLL
  for (int first_word = 0; first_word < T::kWords; first_word += 8) multiply_step(shared, id, slice, first_word);
  if constexpr (Target::kSumsRows) {
    static_assert(T::kRows <= T::kThreads && P::kElements == 1);
    if (!p.sums_rows() || id >= T::kRows) return;
    for (int k = 0; k < T::kSlice; ++k) row_sum_ += std::bit_cast<float>(shared.left[slice % 2][0][id][k]);
  }
}

template <class TileOf, class P, class Left, class RightOf, class Target>
FEDSCAPE_HOST_DEVICE void WarpProduct<TileOf, P, Left, RightOf, Target>::Thread::finish(const WarpProduct& p,
                                                                                        int id) const {
  FEDSCAPE_UNROLL
  for (int i = 0; i < 2 * kDown; ++i) {
    const int in_warp = i / 2 * 16 + sum_place(id % 32, i % 2 * 2).row;
    const Index own = p.row + static_cast<Index>(first_row(id) + in_warp);
    if (own >= p.target.rows) continue;
    const auto place = p.target.place(own);
    FEDSCAPE_UNROLL
    for (int j = 0; j < 2 * kAside; ++j) {
      const int aside = j / 2 * 8 + sum_place(id % 32, j % 2).column;
      const Index place_in_row = p.column + static_cast<Index>(first_column(id) + aside);
      if (place_in_row < p.target.columns)
        p.target.store_one(place, place_in_row, sums_[i / 2][j / 2][i % 2 * 2 + j % 2]);
    }
  }
  if constexpr (Target::kSumsRows)
    if (p.sums_rows() && id < T::kRows && p.row + static_cast<Index>(id) < p.target.rows)
      p.target.row_sum(p.row + static_cast<Index>(id), row_sum_);
}

/// What computes a tile.
template <class T, class Left, class Right, class Target>
struct ProductIn {
  using Type = Product<T, Left, Right, Target>;
};
template <int kRows, int kColumns, int kHigh, int kWide, class Left, class Right, class Target>
struct ProductIn<Tf32Tile<kRows, kColumns, kHigh, kWide>, Left, Right, Target> {
  using Type = WarpProduct<Tf32Tile<kRows, kColumns, kHigh, kWide>, Tf32, Left, Right, Target>;
};

}  // namespace fedscape::kernels
