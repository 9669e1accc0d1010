#pragma once

#include <cstdint>

#include "fedscape/base/host_device.hpp"
#include "kernels/pool.hpp"

namespace fedscape::kernels {

/// The pixels begin..end-1 of one axis that a window covers, and how many it counts in an average.
struct Span {
  int begin, end, counted;
};

/// The windows of a pooling along one axis, whatever rule places them.
struct WindowAxis {
  int size, out;  // pixels, windows
  bool adaptive;  // windows that divide the axis; what follows is theirs otherwise
  int kernel, stride, pad;
  bool count_padding;

  FEDSCAPE_HOST_DEVICE Span window(int index) const {
    if (adaptive) {
      const auto begin = static_cast<int>(std::int64_t{index} * size / out);
      const auto end = static_cast<int>(((std::int64_t{index} + 1) * size + out - 1) / out);
      return {begin, end, end - begin};
    }
    const int start = index * stride - pad, stop = start + kernel;
    const int begin = start > 0 ? start : 0, end = stop < size ? stop : size;
    const int padded_end = stop < size + pad ? stop : size + pad;
    return {begin, end, count_padding ? padded_end - start : end - begin};
  }

  /// The windows begin..end-1 that cover a pixel.
  FEDSCAPE_HOST_DEVICE Span covering(int pixel) const {
    if (adaptive) {
      const auto first = static_cast<int>(std::int64_t{pixel} * out / size);
      const auto last = static_cast<int>(((std::int64_t{pixel} + 1) * out - 1) / size);
      return {first, last + 1, last + 1 - first};
    }
    const int reach = pixel + pad - kernel + stride;  // windows that begin before it end too early
    const int first = reach > 0 ? reach / stride : 0;
    const int last = (pixel + pad) / stride;
    return {first, last < out ? last + 1 : out, 0};
  }
};

/// Maps of one sample [height,width,channels] and the windows on them.
struct Windows {
  WindowAxis rows, columns;
  int channels;

  FEDSCAPE_HOST_DEVICE std::int64_t in_sample() const { return std::int64_t{rows.size} * columns.size * channels; }
  FEDSCAPE_HOST_DEVICE std::int64_t out_sample() const { return std::int64_t{rows.out} * columns.out * channels; }
};

inline Windows windows_of(const PoolShape& s) {
  return {{s.height, s.out_height(), false, s.kernel_y, s.stride_y, s.pad_y, s.count_padding},
          {s.width, s.out_width(), false, s.kernel_x, s.stride_x, s.pad_x, s.count_padding},
          s.channels};
}

inline Windows windows_of(const AdaptiveShape& s) {
  return {{s.height, s.out_height, true, 0, 1, 0, false}, {s.width, s.out_width, true, 0, 1, 0, false}, s.channels};
}

}  // namespace fedscape::kernels
