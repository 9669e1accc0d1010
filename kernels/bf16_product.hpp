#pragma once

#include "kernels/bf16_mma.hpp"
#include "kernels/product_operands.hpp"
#include "kernels/product_tiles.hpp"

/// The product of one block (see product.hpp) with operands in one or two parts of bf16, whose sums tensor cores take.
/// The right operand is packed, two elements in a word; the left one is rounded as it enters shared memory.
namespace fedscape::kernels {

/// Parts of inputs and of filters.
template <int kOfInputs, int kOfFilters>
struct Parts {
  static constexpr int kInputs = kOfInputs, kFilters = kOfFilters;
};

/// A tile of kRows x kColumns sums, kHigh x kWide for each warp.
template <int kRowsOfTile, int kColumnsOfTile, int kHighOfWarp, int kWideOfWarp>
struct WarpTile {
  static constexpr int kRows = kRowsOfTile, kColumns = kColumnsOfTile, kHigh = kHighOfWarp, kWide = kWideOfWarp;
  static constexpr int kSlice = 16, kWords = kSlice / 2;  // what one instruction takes
  static constexpr int kAcross = kColumns / kWide;
  static constexpr int kThreads = 32 * (kRows / kHigh) * kAcross;
  /// As Tile's: a tensor core takes a product for about eight of a thread's.
  static constexpr std::int64_t kCost = kRows * kColumns / 8 + 15 * kRows + 8 * kColumns;
};
using WarpTiles =
    TileList<WarpTile<128, 64, 32, 32>, WarpTile<128, 32, 32, 16>, WarpTile<128, 16, 32, 16>, WarpTile<16, 64, 16, 16>>;

struct alignas(4) Bf16Pair {
  Bf16 v[2];
};

/// Registers of a lane from rows of shared memory, `pitch` pairs apart.
template <class FragmentOf, FragmentPlace (*kPlace)(int, int)>
struct LoadFragment {
  using Fragment = FragmentOf;
  const Bf16Pair* from;
  int pitch;
  FEDSCAPE_HOST_DEVICE Fragment operator()(int lane) const {
    Fragment f;
    FEDSCAPE_UNROLL
    for (int i = 0; i < static_cast<int>(sizeof(f.v) / sizeof(f.v[0])); ++i) {
      const FragmentPlace at = kPlace(lane, i);
      f.v[i] = std::bit_cast<std::uint32_t>(from[at.line * pitch + at.depth / 2]);
    }
    return f;
  }
};

/// As Product.
template <class TileOf, class P, class Left, class Target>
struct Bf16Product {
  using T = TileOf;
  using Right = Matrix<true, std::uint32_t>;
  static constexpr int kPitch = T::kWords + 4;  // + 4: no bank conflicts
  static constexpr int kDown = T::kHigh / 16, kAside = T::kWide / 8;
  struct Shared {
    Bf16Pair left[2][P::kInputs][T::kRows][kPitch], right[2][P::kFilters][T::kColumns][kPitch];
  };

  Left left;
  Right right[P::kFilters];
  Target target;
  Index row, column, slices;

  class Thread {
   public:
    FEDSCAPE_HOST_DEVICE void start(const Bf16Product& p, int id) {
      for (auto& high : sums_)
        for (auto& wide : high)
          for (float& sum : wide) sum = 0;
      left_.start(p.left, id, p.row);
      for (int part = 0; part < P::kFilters; ++part) right_[part].start(p.right[part], id, p.column);
    }
    FEDSCAPE_HOST_DEVICE void fetch(const Bf16Product& p, int id, Index slice) {
      left_.fetch(p.left, id, slice * T::kSlice);
      FEDSCAPE_UNROLL
      for (int part = 0; part < P::kFilters; ++part) right_[part].fetch(p.right[part], id, slice * T::kWords);
    }
    FEDSCAPE_HOST_DEVICE void put(Shared& shared, int id, Index slice) const {
      left_.for_each(id, [&](int line, int k, float value) {
        FEDSCAPE_UNROLL
        for (int part = 0; part < P::kInputs; ++part)
          shared.left[slice % 2][part][line][k / 2].v[k % 2] = bf16_part(value, part);
      });
      FEDSCAPE_UNROLL
      for (int part = 0; part < P::kFilters; ++part)
        right_[part].for_each(id, [&](int line, int k, std::uint32_t word) {
          shared.right[slice % 2][part][line][k] = std::bit_cast<Bf16Pair>(word);
        });
    }
    FEDSCAPE_HOST_DEVICE void multiply(const Shared& shared, int id, Index slice);
    FEDSCAPE_HOST_DEVICE void finish(const Bf16Product& p, int id) const;

   private:
    FEDSCAPE_HOST_DEVICE static int first_row(int id) { return id / 32 / T::kAcross * T::kHigh; }
    FEDSCAPE_HOST_DEVICE static int first_column(int id) { return id / 32 % T::kAcross * T::kWide; }

    Share<Left, T::kRows, T::kSlice, T::kThreads> left_;
    Share<Right, T::kColumns, T::kWords, T::kThreads> right_[P::kFilters];
    float sums_[kDown][kAside][4];
  };

  template <class Each>
  FEDSCAPE_HOST_DEVICE void run(Shared& shared, Each each) const {
    each([&](Thread& thread, int id) {
      thread.start(*this, id);
      thread.fetch(*this, id, 0);
      thread.put(shared, id, 0);
    });
    for (Index slice = 0; slice < slices; ++slice)
      each([&](Thread& thread, int id) {
        const bool more = slice + 1 < slices;
        if (more) thread.fetch(*this, id, slice + 1);
        thread.multiply(shared, id, slice);
        if (more) thread.put(shared, id, slice + 1);
      });
    each([&](Thread& thread, int id) { thread.finish(*this, id); });
  }
};

template <class TileOf, class P, class Left, class Target>
FEDSCAPE_HOST_DEVICE void Bf16Product<TileOf, P, Left, Target>::Thread::multiply(const Shared& shared, int id,
                                                                                 Index slice) {
  const int lane = id % 32;
  Held<LoadFragment<LeftFragment, left_place>> a[P::kInputs][kDown];
  Held<LoadFragment<RightFragment, right_place>> b[P::kFilters][kAside];
  FEDSCAPE_UNROLL
  for (int i = 0; i < P::kInputs * kDown; ++i) {
    const int part = i / kDown, down = i % kDown;
    a[part][down].take({shared.left[slice % 2][part][first_row(id) + down * 16], kPitch}, lane);
  }
  FEDSCAPE_UNROLL
  for (int j = 0; j < P::kFilters * kAside; ++j) {
    const int part = j / kAside, aside = j % kAside;
    b[part][aside].take({shared.right[slice % 2][part][first_column(id) + aside * 8], kPitch}, lane);
  }
  FEDSCAPE_UNROLL
  for (int i = 0; i < kDown * kAside; ++i) {
    const int down = i / kAside, aside = i % kAside;
    warp_multiply(lane, a[0][down], b[0][aside], sums_[down][aside]);
    if constexpr (P::kFilters == 2) warp_multiply(lane, a[0][down], b[1][aside], sums_[down][aside]);
    if constexpr (P::kInputs == 2) warp_multiply(lane, a[1][down], b[0][aside], sums_[down][aside]);
  }
}

template <class TileOf, class P, class Left, class Target>
FEDSCAPE_HOST_DEVICE void Bf16Product<TileOf, P, Left, Target>::Thread::finish(const Bf16Product& p, int id) const {
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
}

}  // namespace fedscape::kernels
