#pragma once

#include <span>

#include "fedscape/base/fields.hpp"
#include "fedscape/data/dataset.hpp"
#include "fedscape/device/workers.hpp"
#include "fedscape/nn/network.hpp"

namespace fedscape {

/// How a student learns soft labels; the defaults are those of FedDF and MrTF as released by MrTF's authors.
struct DistilOptions {
  std::int64_t steps = 500, batch = 64;
  double lr = 1e-3, last_lr = 1e-8, weight_decay = 1e-6, clip = 100;
  void options(Fields& f);
  /// An Error says which option is out of its range; `whose`: the name of the algorithm that they belong to.
  void check(std::string_view whose) const;
};

/// Trains a student [1,P] on the soft labels [N,C] (host memory) of N samples: for s = 0, ..., steps - 1
///     student <- Adam(lr_s, gradient of the mean over the batch of sum over c of -label_c log softmax(student(x))_c),
///     lr_s = last_lr + (lr - last_lr) (1 + cos(pi s / steps)) / 2,
/// with PyTorch's L2 weight decay and gradients clipped to the norm `clip` (0: not clipped). Batch s is
/// order[(s batch + b) mod N], b = 0, 1, ...: `order` [N] is gone through again and again. Batch norm sees batches and
/// moves its statistics; key's seed, client and round address dropout. All workers share each step; the bits are the
/// same with any. An Error if a parameter is not finite in the end.
void distil(Workers& workers, const Network& network, const Dataset& data, std::span<const float> labels,
            std::span<const std::int32_t> order, const DistilOptions& options, const RngKey& key, View<float> student);

}  // namespace fedscape
