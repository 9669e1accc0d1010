#include "fedscape/io/model_file.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <map>

#include "fedscape/base/check.hpp"
#include "fedscape/io/atomic_file.hpp"
#include "fedscape/io/hdf5_file.hpp"

namespace fedscape {
namespace {

constexpr std::string_view kCounter = "num_batches_tracked", kVariance = "running_var", kWrapper = "module.";
constexpr std::size_t kListed = 3;  // of each kind of mismatch
constexpr std::int64_t kMostElements = 1LL << 34;

using Tensors = std::map<std::string, const NamedTensor*>;

bool holds_floats(const NamedTensor& tensor) {
  return tensor.type != TensorType::i64 && tensor.type != TensorType::i32 && tensor.type != TensorType::u8;
}

/// The tensors that are parameters, without a wrapper's prefix.
Tensors parameters_of(const TensorFile& file) {
  const bool wrapped = std::all_of(file.tensors.begin(), file.tensors.end(),
                                   [](const NamedTensor& tensor) { return tensor.name.starts_with(kWrapper); });
  Tensors tensors;
  for (const NamedTensor& tensor : file.tensors)
    if (!tensor.name.ends_with(kCounter)) tensors[tensor.name.substr(wrapped ? kWrapper.size() : 0)] = &tensor;
  return tensors;
}

/// Gives tensors "<other>.weight", "<other>.bias" the classifier's name, if they are all that the slots leave over.
void rename_classifier(const ParamLayout& layout, Tensors& tensors) {
  Tensors left = tensors;
  std::vector<std::string> wanted;
  for (const ParamSlot& slot : layout.slots()) {
    if (left.erase(slot.name) > 0) continue;
    if (slot.group != ParamGroup::classifier) return;
    wanted.push_back(slot.name);
  }
  if (wanted.empty() || left.size() != wanted.size()) return;
  const auto stem = [](const std::string& name) { return name.substr(0, name.rfind('.')); };
  const std::string mine = stem(wanted.front()), theirs = stem(left.begin()->first);
  Tensors renamed;
  for (const std::string& name : wanted) {
    const auto found = left.find(theirs + name.substr(std::min(mine.size(), name.size())));
    if (!name.starts_with(mine) || found == left.end()) return;
    renamed[name] = found->second;
  }
  for (const auto& [name, tensor] : left) tensors.erase(name);
  tensors.merge(renamed);
}

/// "missing a, b, c and 4 more".
void add_list(std::string& message, std::string_view kind, const std::vector<std::string>& names) {
  if (names.empty()) return;
  const std::span<const std::string> first = std::span(names).first(std::min(names.size(), kListed));
  message += fmt::format("{}{} {}", message.empty() ? "" : "; ", kind, fmt::join(first, ", "));
  if (names.size() > first.size()) message += fmt::format(" and {} more", names.size() - first.size());
}

void check_fit(const ParamLayout& layout, const Tensors& tensors, const std::string& source) {
  std::vector<std::string> missing, unexpected, different;
  for (const ParamSlot& slot : layout.slots()) {
    const auto found = tensors.find(slot.name);
    if (found == tensors.end())
      missing.push_back(slot.name);
    else if (found->second->shape != slot.torch_shape || !holds_floats(*found->second))
      different.push_back(fmt::format("{} ({} {} instead of floats {})", slot.name, name_of(found->second->type),
                                      found->second->shape.text(), slot.torch_shape.text()));
  }
  for (const auto& [name, tensor] : tensors)
    if (layout.find(name) < 0) unexpected.push_back(name);
  std::string message;
  add_list(message, "missing", missing);
  add_list(message, "unexpected", unexpected);
  add_list(message, "different", different);
  FEDSCAPE_CHECK(message.empty(), "{}: the {} parameters of the network expected, found others: {}", source,
                 layout.slots().size(), message);
}

NamedTensor read_tensor(const hdf5::Group& group, const std::string& name) {
  const hdf5::Dataset dataset = group.dataset(name);
  if (dataset.holds_floats()) return float_tensor(name, dataset.shape(), dataset.read<float>(kMostElements));
  return integer_tensor(name, dataset.shape(), dataset.read<std::int64_t>(kMostElements));
}

bool is_hdf5(const std::filesystem::path& path) {
  constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
  std::array<char, kSignature.size()> begin{};
  std::ifstream(path, std::ios::binary).read(begin.data(), begin.size());
  return std::string_view(begin.data(), begin.size()) == kSignature;
}

}  // namespace

TensorFile to_state_dict(const ParamLayout& layout, std::span<const float> params) {
  FEDSCAPE_CHECK(static_cast<std::int64_t>(params.size()) == layout.size(), "{} values for {} parameters",
                 params.size(), layout.size());
  TensorFile file;
  for (const ParamSlot& slot : layout.slots()) {
    std::vector<float> values(static_cast<std::size_t>(slot.size()));
    to_torch_order(slot, params.subspan(static_cast<std::size_t>(slot.offset), values.size()), values);
    file.tensors.push_back(float_tensor(slot.name, slot.torch_shape, values));
    if (slot.name.ends_with(kVariance)) {
      const std::string prefix = slot.name.substr(0, slot.name.size() - kVariance.size());
      file.tensors.push_back(integer_tensor(prefix + std::string(kCounter), {}, {0}));
    }
  }
  file.metadata.emplace_back("format", "pt");
  return file;
}

std::vector<float> from_state_dict(const ParamLayout& layout, const TensorFile& file, const std::string& source) {
  Tensors tensors = parameters_of(file);
  rename_classifier(layout, tensors);
  check_fit(layout, tensors, source);
  std::vector<float> params(static_cast<std::size_t>(layout.size()));
  for (const ParamSlot& slot : layout.slots()) {
    const std::vector<float> values = tensors.at(slot.name)->floats();
    FEDSCAPE_CHECK(std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); }),
                   "{}: {}: finite values expected, found others", source, slot.name);
    from_torch_order(slot, values, std::span(params).subspan(static_cast<std::size_t>(slot.offset), values.size()));
  }
  return params;
}

void write_state_dict(hdf5::Group& group, const TensorFile& file) {
  for (const NamedTensor& tensor : file.tensors) {
    const std::vector<float> floats = holds_floats(tensor) ? tensor.floats() : std::vector<float>{};
    const std::vector<std::int64_t> integers = holds_floats(tensor) ? std::vector<std::int64_t>{} : tensor.integers();
    if (!group.has_dataset(tensor.name)) {
      if (holds_floats(tensor))
        group.write<float>(tensor.name, tensor.shape, floats);
      else
        group.write<std::int64_t>(tensor.name, tensor.shape, integers);
      continue;
    }
    hdf5::Dataset dataset = group.dataset(tensor.name);
    holds_floats(tensor) ? dataset.overwrite<float>(floats) : dataset.overwrite<std::int64_t>(integers);
  }
}

TensorFile read_state_dict(const hdf5::Group& group) {
  TensorFile file;
  for (const std::string& name : group.names(1'000'000)) file.tensors.push_back(read_tensor(group, name));
  return file;
}

void write_model(const std::filesystem::path& path, const RunInfo& info, const ParamLayout& layout,
                 std::span<const float> params) {
  hdf5::File file = hdf5::File::create(path);
  write_info(file, info);
  hdf5::Group model = file.make_group("model");
  write_state_dict(model, to_state_dict(layout, params));
  file.save();
}

std::vector<float> read_model(const std::filesystem::path& path, const ParamLayout& layout) {
  if (!is_hdf5(path)) return from_state_dict(layout, read_safetensors(path), path.string());
  TensorFile file;
  hdf5::read_file(path, [&](const hdf5::Group& root) { file = read_state_dict(root.group("model")); });
  return from_state_dict(layout, file, path.string());
}

}  // namespace fedscape
