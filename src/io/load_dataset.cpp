#include "fedscape/io/load_dataset.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "fedscape/base/check.hpp"
#include "fedscape/base/suggest.hpp"
#include "fedscape/data/cifar.hpp"
#include "fedscape/data/idx.hpp"
#include "fedscape/data/image_folder.hpp"
#include "fedscape/data/leaf.hpp"
#include "fedscape/io/array_dataset.hpp"
#include "fedscape/io/tff_dataset.hpp"

namespace fedscape {

namespace {

/// The numbers that public CIFAR models and the federated code of Li et al. use (those of ImageNet).
constexpr std::string_view kImageNet = "0.485,0.456,0.406;0.229,0.224,0.225";

const std::string& path_of(const DataOptions& options) {
  FEDSCAPE_CHECK(!options.data_path.empty(), "data {}: data_path must say where it lies", options.data);
  return options.data_path;
}

/// Both splits have the classes of the train split's labels.
Dataset load_idx_folder(const std::string& folder, Split split) {
  const IdxFiles files = find_idx(folder, split);
  if (split == Split::train) return load_idx(files.images, files.labels);
  const IdxArray labels = read_idx(find_idx(folder, Split::train).labels);
  FEDSCAPE_CHECK(!labels.values.empty(), "{}: no labels", folder);
  return load_idx(files.images, files.labels, 1 + *std::max_element(labels.values.begin(), labels.values.end()));
}

Dataset load_fashion_mnist(const DataOptions& options, Split split) {
  const std::string place = options.data_path.empty() ? "/usr/share/datasets/fashion-mnist" : options.data_path;
  Dataset data = load_idx_folder(place, split);
  if (data.classes() == 10)
    data.class_names = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                        "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
  return data;
}

Dataset load_any_idx(const DataOptions& options, Split split) { return load_idx_folder(path_of(options), split); }

CifarLayout layout_of(const DataOptions& options) {
  const bool pfl = options.cifar_layout == "pfl";
  FEDSCAPE_CHECK(pfl || options.cifar_layout == "planar", "cifar_layout {}, expected planar or pfl",
                 options.cifar_layout);
  return pfl ? CifarLayout::pfl : CifarLayout::planar;
}

Dataset load_cifar10(const DataOptions& options, Split split) {
  return load_cifar(path_of(options), CifarKind::cifar10, split, layout_of(options));
}
Dataset load_cifar100(const DataOptions& options, Split split) {
  return load_cifar(path_of(options), CifarKind::cifar100, split, layout_of(options));
}

Dataset load_folder(const DataOptions& options, Split split) { return load_image_folder(path_of(options), split); }

/// Formats that do not say how many classes there are: as many as the train split has, unless an option says.
template <auto Load>
Dataset load_labelled(const DataOptions& options, Split split) {
  FEDSCAPE_CHECK(0 <= options.data_classes && options.data_classes <= (1 << 20),
                 "data_classes {}, expected 1 to {}, or 0", options.data_classes, 1 << 20);
  const std::string& path = path_of(options);
  const auto classes = static_cast<int>(options.data_classes);
  if (classes != 0 || split == Split::train) return Load(path, split, classes);
  return Load(path, split, Load(path, Split::train, 0).classes());
}

Dataset make_gaussian(const DataOptions& options, Split split) {
  return gaussian_mixture(options.synthetic, split, static_cast<std::uint64_t>(options.data_seed));
}
Dataset make_images(const DataOptions& options, Split split) {
  return planted_images(options.synthetic, split, static_cast<std::uint64_t>(options.data_seed));
}

constexpr std::string_view kFiles[] = {"data_path"}, kCifar[] = {"data_path", "cifar_layout"},
                           kLabelled[] = {"data_path", "data_classes"},
                           kGaussian[] = {"data_seed", "classes",  "train_samples", "test_samples",
                                          "owners",    "features", "clusters",      "noise"},
                           kImages[] = {"data_seed", "classes", "train_samples", "test_samples",
                                        "owners",    "side",    "channels",      "noise"};

struct Kind {
  DatasetEntry entry;
  std::string_view normalize;               // its default
  std::span<const std::string_view> reads;  // fields that not every kind reads
  Dataset (*load)(const DataOptions&, Split);
};
constexpr std::array kKinds = {
    Kind{{"fashion-mnist", "Fashion-MNIST, where Debian's dataset-fashion-mnist puts it, or in data_path"},
         "train",
         kFiles,
         load_fashion_mnist},
    Kind{{"idx", "IDX files, raw or .gz: {train,t10k}-{images,labels}... in data_path"}, "train", kFiles, load_any_idx},
    Kind{{"cifar10", "CIFAR-10, binary version: data_batch_1.bin ... in data_path"}, kImageNet, kCifar, load_cifar10},
    Kind{{"cifar100", "CIFAR-100, binary version: train.bin and test.bin in data_path"},
         kImageNet,
         kCifar,
         load_cifar100},
    Kind{{"folder", "JPEG or PNG images: data_path/<train or test>/<class>/*.jpg"}, "train", kFiles, load_folder},
    Kind{{"leaf", "LEAF's JSON: data_path/<train or test>/*.json, with users"},
         "none",
         kLabelled,
         load_labelled<load_leaf>},
    Kind{{"tff", "TensorFlow Federated's HDF5, with users: *train*.h5 and *test*.h5 in data_path"},
         "none",
         kLabelled,
         load_labelled<load_tff>},
    Kind{{"arrays", "HDF5 or safetensors of one's own, x, y and perhaps user: data_path/<train or test>.h5"},
         "none",
         kLabelled,
         load_labelled<load_arrays>},
    Kind{{"gaussian", "generated: a Gaussian mixture"}, "none", kGaussian, make_gaussian},
    Kind{{"images", "generated: small images with a planted pattern"}, "train", kImages, make_images},
};

constexpr auto kEntries = [] {
  std::array<DatasetEntry, kKinds.size()> entries{};
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i] = kKinds[i].entry;
  return entries;
}();

const Kind& kind_of(const DataOptions& options) {
  for (const Kind& kind : kKinds)
    if (kind.entry.name == options.data) return kind;
  std::array<std::string_view, kKinds.size()> names;
  std::transform(kKinds.begin(), kKinds.end(), names.begin(), [](const Kind& kind) { return kind.entry.name; });
  fail(fmt::format("no kind of data is named '{}'{}", options.data, suggestion(options.data, names)));
}

}  // namespace

void DataOptions::options(Fields& f) {
  f.field("data", data, "kind of data: see 'fedscape list datasets'");
  f.field("data_path", data_path, "file or folder it lies in; empty: the kind's own place, where it has one");
  f.field("normalize", normalize, "default, none, train (statistics of the train split) or 'mean;deviation'");
  f.field("cifar_layout", cifar_layout, "cifar: planar, or pfl for pfl-research's scrambled pixels");
  f.field("data_classes", data_classes, "leaf, tff, arrays: classes; 0: as many as the train split's labels say");
  f.field("data_seed", data_seed, "generated data: seed");
  synthetic.options(f);
}

std::span<const DatasetEntry> datasets() { return kEntries; }

std::vector<std::string> unread_options(const DataOptions& options) {
  std::set<std::string_view> unread;
  for (const Kind& kind : kKinds) unread.insert(kind.reads.begin(), kind.reads.end());
  for (const std::string_view name : kind_of(options).reads) unread.erase(name);
  return {unread.begin(), unread.end()};
}

Dataset load_dataset(const DataOptions& options, Split split) {
  const Kind& kind = kind_of(options);
  Dataset data = kind.load(options, split);
  const std::string how = options.normalize == "default" ? std::string(kind.normalize) : options.normalize;
  if (how == "none") return data;
  Normalisation numbers;
  if (how != "train") {
    numbers = parse_normalisation(how, data.shape()[2]);
  } else {
    numbers = statistics_of(split == Split::train ? data : kind.load(options, Split::train));
  }
  FEDSCAPE_CHECK(std::ssize(numbers.mean) == data.shape()[2], "{}: {} channels, but {} in the train split",
                 data.source(), data.shape()[2], numbers.mean.size());
  data.mean = std::move(numbers.mean);
  data.deviation = std::move(numbers.deviation);
  return data;
}

}  // namespace fedscape
