#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fedscape/base/fields.hpp"
#include "fedscape/comm/communicator.hpp"
#include "fedscape/data/dataset.hpp"
#include "fedscape/data/synthetic.hpp"

namespace fedscape {

/// Which data set, by kind, where it lies and how it is normalised. See `fedscape list datasets`.
struct DataOptions {
  std::string data = "fashion-mnist";
  std::string data_path;                // empty: the kind's own place, where it has one
  std::string normalize = "default";    // default, none, train or numbers: see normalisation()
  std::string cifar_layout = "planar";  // planar or pfl
  std::int64_t data_classes = 0;        // leaf, tff, arrays: classes; 0: largest label of the train split plus 1
  std::int64_t data_seed = 1;           // of generated data
  SyntheticOptions synthetic;
  void options(Fields& f);
};

/// A split, normalised; the test split with the numbers of the train split.
Dataset load_dataset(const DataOptions& options, Split split);

/// The same on every rank, its samples once per node in memory that the node's ranks share. Only one rank of each node
/// reads the files. Collective: what one rank cannot read is an AgreedError on all. Free it before the communicator.
Dataset load_shared(Communicator& comm, const DataOptions& options, Split split);

struct DatasetEntry {
  std::string_view name, help;
};
std::span<const DatasetEntry> datasets();
/// The fields of DataOptions that this kind of data does not read.
std::vector<std::string> unread_options(const DataOptions& options);

/// Per channel, in units of the sample (bytes: of 0..1).
struct Normalisation {
  std::vector<float> mean, deviation;
};
/// Mean and deviation of all samples per channel, in double; a constant channel has deviation 1.
Normalisation statistics_of(const Dataset& data);
/// "mean;deviation", each one number for all channels or one per channel: "0.485,0.456,0.406;0.229,0.224,0.225".
Normalisation parse_normalisation(const std::string& text, std::int64_t channels);

}  // namespace fedscape
