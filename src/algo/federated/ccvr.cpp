#include "fedscape/algo/federated/ccvr.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <mutex>

#include "fedscape/algo/train.hpp"
#include "fedscape/base/at.hpp"
#include "fedscape/nn/layers.hpp"
#include "fedscape/ops/exact_sum.hpp"
#include "fedscape/ops/reduce.hpp"
#include "src/algo/federated/block_samples.hpp"
#include "src/algo/federated/own_features.hpp"

namespace fedscape {

namespace {

constexpr std::int64_t kMostFeatures = 2048;  // covariances take C F^2 numbers on every rank

std::int64_t triangle(std::int64_t n) { return n * (n + 1) / 2; }

/// Adds what one sample is to the sums of its client.
using AddSample = std::function<void(std::int32_t label, std::span<const float> features, std::span<double> sums)>;

/// Passes over the samples of all clients, shared over ranks and threads.
class Survey {
 public:
  Survey(Workers& workers, Communicator& comm, const Network& network, View<const float> params, const Dataset& data,
         const Clients& clients)
      : workers_(workers),
        comm_(comm),
        network_(network),
        params_(params),
        data_(data),
        clients_(clients),
        seers_(at(workers.size())) {
    for (std::size_t k = 0; k < clients.train.size(); ++k) samples_ += static_cast<double>(clients.train[k].size());
  }

  /// Sums [size] over all samples. What a client sends are floats per sample of its own, which add up exactly: no order
  /// of clients can be told from another.
  std::vector<double> sums(std::int64_t size, const AddSample& add);

 private:
  void add_client(Stream& stream, int worker, ClientId id, std::int64_t size, const AddSample& add);

  Workers& workers_;
  Communicator& comm_;
  const Network& network_;
  View<const float> params_;
  const Dataset& data_;
  const Clients& clients_;
  std::vector<std::unique_ptr<BlockSamples>> seers_;  // of each worker, made on its thread
  double samples_ = 0;                                // of all clients
  std::mutex mutex_;
  Tensor<std::int64_t> total_;
  ClientId failed_ = -1;
};

void Survey::add_client(Stream& stream, int worker, ClientId id, std::int64_t size, const AddSample& add) {
  std::unique_ptr<BlockSamples>& seer = seers_[at(worker)];
  if (!seer) seer = std::make_unique<BlockSamples>(stream, network_, data_, clients_);
  const ArenaScope scope(stream);
  const double own = static_cast<double>(clients_.train[at(id)].size());
  if (own == 0) return;
  std::vector<double> sums(at(size));
  seer->turn_to({&id, 1});
  for_each_sample(stream, *seer, 0, params_,
                  [&](std::int32_t label, std::span<const float> features) { add(label, features, sums); });
  std::vector<float> row(sums.size());
  std::transform(sums.begin(), sums.end(), row.begin(), [&](double sum) { return static_cast<float>(sum / own); });
  const Tensor<float> sent = to_device(stream, row, {1, size});
  const double weight = own / samples_;
  const std::lock_guard lock(mutex_);
  if (ops::exact_sum(stream, {&weight, 1}, sent, total_) >= 0) failed_ = id;
  stream.synchronize();
}

std::vector<double> Survey::sums(std::int64_t size, const AddSample& add) {
  Stream& stream = workers_.stream();
  total_ = Tensor<std::int64_t>(stream, {size});
  ops::fill(stream, std::int64_t{0}, total_.view());
  const std::int64_t clients = clients_.size(), rank = comm_.rank(), ranks = comm_.size();
  workers_.run((clients - rank + ranks - 1) / ranks, [&](Stream& own, int worker, std::int64_t task) {
    add_client(own, worker, static_cast<ClientId>(rank + task * ranks), size, add);
  });
  agree(comm_, [&] {
    FEDSCAPE_CHECK(failed_ < 0, "client {}: its features are not finite, or beyond 2^18 in magnitude", failed_);
  });
  comm_.sum(stream, total_.view());
  std::vector<double> sums;
  for (const std::int64_t number : to_host(stream, total_.view()))
    sums.push_back(std::ldexp(static_cast<double>(number), -ops::kExactDigits) * samples_);
  return sums;
}

/// The lower triangle L of a positive semidefinite matrix L L^T. Directions of next to no variance get none: what
/// floats leave of them is noise.
std::vector<double> factor(std::span<const double> covariance, std::int64_t n) {
  std::vector<double> L(covariance.begin(), covariance.end());
  double largest = 0;
  for (std::int64_t i = 0; i < n; ++i) largest = std::max(largest, L[at(triangle(i) + i)]);
  for (std::int64_t j = 0; j < n; ++j) {
    double pivot = L[at(triangle(j) + j)];
    for (std::int64_t k = 0; k < j; ++k) pivot -= L[at(triangle(j) + k)] * L[at(triangle(j) + k)];
    const double root = pivot > 1e-5 * largest ? std::sqrt(pivot) : 0;
    L[at(triangle(j) + j)] = root;
    for (std::int64_t i = j + 1; i < n; ++i) {
      double& entry = L[at(triangle(i) + j)];
      for (std::int64_t k = 0; k < j; ++k) entry -= L[at(triangle(i) + k)] * L[at(triangle(j) + k)];
      entry = root > 0 ? entry / root : 0;
    }
  }
  return L;
}

/// The classifier of `network` by itself, and where its parameters stand in a model.
struct Classifier {
  explicit Classifier(const Network& network) : head({1, 1, network.features()}) {
    for (const ParamSlot& slot : network.layout().slots())
      if (slot.group == ParamGroup::classifier) slots.push_back(&slot);
    head.add("classifier", linear(network.classes(), slots.size() > 1), {0});
    head.finish();
  }
  Network head;
  std::vector<const ParamSlot*> slots;
};

}  // namespace

void CcvrOptions::options(Fields& f) {
  f.field("virtual-samples", virtual_samples, "CCVR: features drawn of each class");
  f.field("calibration-epochs", epochs, "CCVR: passes over them, fractions allowed");
  f.field("calibration-batch", batch, "CCVR: features of a step");
  f.field("calibration-lr", lr, "CCVR: learning rate of the classifier");
  f.field("calibration-momentum", momentum, "CCVR: its momentum");
}

void CcvrOptions::check() const {
  FEDSCAPE_CHECK(virtual_samples >= 1 && virtual_samples <= 1'000'000,
                 "virtual-samples is {}; it must be in 1..1000000", virtual_samples);
  FEDSCAPE_CHECK(epochs > 0 && epochs <= 1e6, "calibration-epochs is {}; it must be above 0, at most 1e6", epochs);
  FEDSCAPE_CHECK(batch >= 1 && batch <= 1 << 20, "calibration-batch is {}; it must be in 1..2^20", batch);
  FEDSCAPE_CHECK(lr >= 0 && std::isfinite(lr), "calibration-lr is {}; it must be 0 or more", lr);
  FEDSCAPE_CHECK(momentum >= 0 && momentum < 1, "calibration-momentum is {}; it must be in [0,1)", momentum);
}

ClassGaussians class_gaussians(Workers& workers, Communicator& comm, const Network& network, View<const float> params,
                               const Dataset& data, const Clients& clients) {
  const std::int64_t C = network.classes(), F = network.features(), T = triangle(F);
  FEDSCAPE_CHECK(F <= kMostFeatures, "{} features; covariances are for {} at most", F, kMostFeatures);
  ClassGaussians g{C, F, std::vector<std::int64_t>(at(C)), {}, {}};
  for (std::size_t k = 0; k < clients.train.size(); ++k)
    for (const std::int32_t i : clients.train[k]) ++g.samples[at(data.labels()[at(i)])];
  Survey survey(workers, comm, network, params, data, clients);
  g.mean = survey.sums(C * F, [F](std::int32_t label, std::span<const float> h, std::span<double> sums) {
    for (std::int64_t f = 0; f < F; ++f) sums[at(label * F + f)] += double(h[at(f)]);
  });
  for (std::int64_t i = 0; i < C * F; ++i) g.mean[at(i)] /= double(std::max<std::int64_t>(g.samples[at(i / F)], 1));
  g.covariance = survey.sums(C * T, [&](std::int32_t label, std::span<const float> h, std::span<double> sums) {
    const double* const mean = &g.mean[at(label * F)];
    double* next = &sums[at(label * T)];
    for (std::int64_t i = 0; i < F; ++i) {
      const double apart = double(h[at(i)]) - mean[i];
      for (std::int64_t j = 0; j <= i; ++j) *next++ += apart * (double(h[at(j)]) - mean[j]);
    }
  });
  for (std::int64_t i = 0; i < C * T; ++i)
    g.covariance[at(i)] /= double(std::max<std::int64_t>(g.samples[at(i / T)] - 1, 1));
  return g;
}

Dataset virtual_features(const ClassGaussians& g, std::int64_t count, std::uint64_t seed) {
  const std::int64_t F = g.features, T = triangle(F);
  std::vector<float> features;
  std::vector<std::int32_t> labels;
  std::vector<double> normals(at(F));
  for (std::int64_t c = 0; c < g.classes; ++c) {
    if (g.samples[at(c)] == 0) continue;
    const std::vector<double> L = factor(std::span(g.covariance).subspan(at(c * T), at(T)), F);
    Draws draws({seed, Purpose::virtual_features, static_cast<std::uint32_t>(c)});
    for (std::int64_t n = 0; n < count; ++n) {
      for (double& normal : normals) normal = draws.normal();
      for (std::int64_t i = 0; i < F; ++i) {
        double h = g.mean[at(c * F + i)];
        for (std::int64_t j = 0; j <= i; ++j) h += L[at(triangle(i) + j)] * normals[at(j)];
        features.push_back(static_cast<float>(h));
      }
      labels.push_back(static_cast<std::int32_t>(c));
    }
  }
  return {"virtual features", {1, 1, F}, static_cast<int>(g.classes), std::move(features), std::move(labels)};
}

std::vector<float> calibrated(Stream& stream, const Network& network, std::span<const float> params,
                              const ClassGaussians& gaussians, const CcvrOptions& options, std::uint64_t seed) {
  const Classifier classifier(network);
  const Dataset data = virtual_features(gaussians, options.virtual_samples, seed);
  TrainOptions training;
  training.epochs = options.epochs, training.sampling.batch = options.batch;
  training.optimizer.lr = options.lr, training.optimizer.momentum = options.momentum;
  CentralTrainer trainer(stream, classifier.head, data, training, seed);
  const auto slots = classifier.head.layout().slots();
  std::vector<float> head(at(classifier.head.layout().size())), model(params.begin(), params.end());
  for (std::size_t s = 0; s < slots.size(); ++s)
    std::copy_n(model.begin() + classifier.slots[s]->offset, slots[s].size(), head.begin() + slots[s].offset);
  copy_to_device(stream, trainer.params().data, head.data(), head.size() * sizeof(float));
  trainer.run(stream);
  head = to_host(stream, View<const float>(trainer.params()));
  for (std::size_t s = 0; s < slots.size(); ++s)
    std::copy_n(head.begin() + slots[s].offset, slots[s].size(), model.begin() + classifier.slots[s]->offset);
  return model;
}

}  // namespace fedscape
