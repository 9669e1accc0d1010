#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>

#include "fedscape/algo/evaluate.hpp"
#include "fedscape/comm/share.hpp"
#include "fedscape/tensor/tensor.hpp"

namespace fedscape {

/// Everything that a round adds up over clients, threads and ranks, as int64 in units of 2^-44, so that no order of
/// adding can be told from another; one array, hence one collective. Its adding members may be called by several
/// threads at once.
class RoundSum {
 public:
  enum class When { before, after };  // local training

  /// `upload` floats are sent by each client.
  RoundSum(Stream& stream, std::int64_t upload);
  void clear(Stream& stream);

  /// Adds weights [M] times rows [M,Q'] to the uploads from position `begin` on. The first row that cannot be added is
  /// returned, or -1.
  int add_upload(Stream& stream, std::int64_t begin, std::span<const double> weights, View<const float> rows);
  /// Adds a client's share of a mean; false where it is not finite or beyond 2^18.
  bool add_loss(double share);
  /// Adds a client's metrics, which are a share of those over `total` samples; false as above.
  bool add_metrics(When when, const Metrics& metrics, std::int64_t total);
  /// Adds a client's share of the mean norm and whether it was clipped; false as above.
  bool add_norm(double share, bool clipped);
  /// Notes that a client failed; of several, the lowest id is named.
  void fail(ClientId id, const std::string& message);
  void ask_to_stop();

  /// Adds up over all ranks: one collective. Where a client failed, all ranks throw DivergedError with its message.
  void reduce(Stream& stream, Communicator& comm);

  View<const std::int64_t> uploads() const { return {total_.data(), {upload_}}; }
  double loss() const;
  Metrics metrics(When when, std::int64_t total) const;
  double norm() const;
  std::int64_t clipped() const;
  bool stop() const;
  std::int64_t bytes() const { return total_.size() * 8; }

 private:
  static constexpr std::size_t kMetrics = 7, kFirst = 5, kScalars = kFirst + 2 * kMetrics;  // then two of metrics
  static std::size_t metrics_at(When when) { return kFirst + (when == When::before ? 0 : kMetrics); }

  std::mutex mutex_;
  std::int64_t upload_;
  Tensor<std::int64_t> total_;  // uploads, then the scalars
  std::array<std::int64_t, kScalars> scalars_{};
  ClientId failed_ = 0;
  std::string message_;
};

}  // namespace fedscape
