#include "fedscape/nn/layer_list.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "fedscape/base/suggest.hpp"
#include "src/nn/builder.hpp"
#include "src/nn/text.hpp"

namespace fedscape {
namespace nn {
namespace {

constexpr std::int64_t kWidest = 65536, kLargestWindow = 1024;
constexpr int kMostLayers = 1000;

struct Pair {
  int y = 0, x = 0;
};

/// One layer of the list: its kind, then values by place, then values by name.
class Item {
 public:
  Item(int place, std::string_view text) : place_(place), text_(text) {
    std::string_view rest = text;
    kind_ = next_piece(rest, ' ');
    while (!rest.empty()) {
      const std::string_view word = next_piece(rest, ' ');
      if (!word.empty()) words_.push_back(word);
    }
  }

  std::string name() const { return std::to_string(place_); }
  std::string_view kind() const { return kind_; }
  bool has_value() const { return !words_.empty() && words_.front().find('=') == std::string_view::npos; }

  /// The next value by place; an Error where there is none.
  std::string_view value(std::string_view what) {
    if (!has_value()) refuse(fmt::format("{} was expected", what));
    const std::string_view word = words_.front();
    words_.erase(words_.begin());
    return word;
  }
  /// The value of key=value, or "" where the key is missing.
  std::string_view named(std::string_view key) {
    const auto found = std::find_if(words_.begin(), words_.end(), [&](std::string_view word) {
      return word.size() > key.size() && word.starts_with(key) && word[key.size()] == '=';
    });
    if (found == words_.end()) return {};
    const std::string_view word = found->substr(key.size() + 1);
    words_.erase(found);
    if (word.empty()) refuse(fmt::format("a value was expected behind '{}='", key));
    return word;
  }

  int integer(std::string_view what, std::string_view word, std::int64_t low, std::int64_t high) const {
    const std::optional<std::int64_t> number = to_integer(word);
    if (!number || *number < low || *number > high)
      refuse(fmt::format("{} must be a whole number in {}..{}, not '{}'", what, low, high, word));
    return static_cast<int>(*number);
  }
  double number(std::string_view what, std::string_view word, double low, double high) const {
    const std::optional<double> number = to_number(word);
    if (!number || *number < low || *number > high)
      refuse(fmt::format("{} must be a number in [{},{}], not '{}'", what, low, high, word));
    return *number;
  }
  Pair pair(std::string_view what, std::string_view word, std::int64_t low) const {
    const std::size_t times = word.find('x');
    const int y = integer(what, word.substr(0, times), low, kLargestWindow);
    return {y, times == std::string_view::npos ? y : integer(what, word.substr(times + 1), low, kLargestWindow)};
  }
  Pair named_pair(std::string_view key, Pair missing, std::int64_t low) {
    const std::string_view word = named(key);
    return word.empty() ? missing : pair(key, word, low);
  }
  int named_integer(std::string_view key, int missing, std::int64_t low, std::int64_t high) {
    const std::string_view word = named(key);
    return word.empty() ? missing : integer(key, word, low, high);
  }

  void check_used() const {
    if (!words_.empty()) refuse(fmt::format("nothing is known of '{}'", words_.front()));
  }
  [[noreturn]] void refuse(const std::string& finding) const {
    fail(fmt::format("layers: place {}, '{}': {}", place_, text_.substr(0, 80), finding));
  }

 private:
  int place_;
  std::string_view text_, kind_;
  std::vector<std::string_view> words_;
};

/// The list while it is built: where the names point to.
struct List {
  Builder& builder;
  std::vector<std::pair<std::string_view, int>> names;

  int node(const Item& item, std::string_view name) const {
    const auto found = std::find_if(names.begin(), names.end(), [&](const auto& entry) { return entry.first == name; });
    if (found == names.end()) item.refuse(fmt::format("no layer before it is called '{}'", name));
    return found->second;
  }
};

ConvOptions window(Item& item, int filters) {
  const Pair kernel = item.pair("the kernel", item.value("a kernel size"), 1);
  const Pair stride = item.named_pair("stride", {1, 1}, 1), pad = item.named_pair("pad", {0, 0}, 0);
  const Pair dilation = item.named_pair("dilation", {1, 1}, 1);
  return {.filters = filters,
          .kernel_y = kernel.y,
          .kernel_x = kernel.x,
          .stride_y = stride.y,
          .stride_x = stride.x,
          .pad_y = pad.y,
          .pad_x = pad.x,
          .dilation_y = dilation.y,
          .dilation_x = dilation.x,
          .bias = item.named_integer("bias", 1, 0, 1) != 0};
}

void add_conv(List& list, Item& item) {
  const int filters = item.integer("the filters", item.value("a number of filters"), 1, kWidest);
  ConvOptions options = window(item, filters);
  options.groups = item.named_integer("groups", 1, 1, kWidest);
  const Shape& shape = list.builder.shape();
  if (shape.rank() == 3 && (shape[2] % options.groups != 0 || filters % options.groups != 0))
    item.refuse(fmt::format("{} channels and {} filters in {} groups", shape[2], filters, options.groups));
  list.builder.conv(item.name(), options);
}

void add_depthwise(List& list, Item& item) {
  const Shape& shape = list.builder.shape();
  if (shape.rank() != 3 || shape[2] > kWidest) item.refuse("it needs maps [y,x,channels], not " + shape.text());
  ConvOptions options = window(item, static_cast<int>(shape[2]));
  options.groups = options.filters;
  list.builder.conv(item.name(), options);
}

PoolOptions pool_window(Item& item) {
  const Pair kernel = item.pair("the window", item.value("a window size"), 1);
  const Pair stride = item.named_pair("stride", kernel, 1), pad = item.named_pair("pad", {0, 0}, 0);
  if (2 * pad.y > kernel.y || 2 * pad.x > kernel.x) item.refuse("pad may be at most half the window");
  return {.kernel_y = kernel.y,
          .kernel_x = kernel.x,
          .stride_y = stride.y,
          .stride_x = stride.x,
          .pad_y = pad.y,
          .pad_x = pad.x,
          .ceil_mode = item.named_integer("ceil", 0, 0, 1) != 0};
}

void add_pool(List& list, Item& item) { list.builder.max_pool(item.name(), pool_window(item)); }

void add_average_pool(List& list, Item& item) {
  PoolOptions options = pool_window(item);
  options.count_padding = item.named_integer("count_padding", 1, 0, 1) != 0;
  list.builder.average_pool(item.name(), options);
}

void add_adaptive_pool(List& list, Item& item) {
  const Pair size = item.pair("the size", item.value("a size"), 1);
  list.builder.layer(item.name(), adaptive_average_pool(size.y, size.x));
}

void add_linear(List& list, Item& item) {
  const int width =
      item.has_value() ? item.integer("the width", item.value("a width"), 1, kWidest) : list.builder.classes();
  list.builder.layer(item.name(), linear(width, item.named_integer("bias", 1, 0, 1) != 0));
}

void add_relu(List& list, Item& item) { list.builder.layer(item.name(), relu()); }

void add_leaky_relu(List& list, Item& item) {
  const double slope = item.has_value() ? item.number("the slope", item.value("a slope"), 0, 1e6) : 0.01;
  list.builder.layer(item.name(), leaky_relu(static_cast<float>(slope)));
}

void add_batch_norm(List& list, Item& item) { list.builder.layer(item.name(), batch_norm()); }

void add_group_norm(List& list, Item& item) {
  const int groups = item.integer("the groups", item.value("a number of groups"), 1, kWidest);
  const Shape& shape = list.builder.shape();
  if (shape[shape.rank() - 1] % groups != 0)
    item.refuse(fmt::format("{} channels in {} groups", shape[shape.rank() - 1], groups));
  list.builder.layer(item.name(), group_norm(groups));
}

void add_encoding(List& list, Item& item) { list.builder.encode(item.name()); }

void add_dropout(List& list, Item& item) {
  list.builder.dropout(item.name(), item.number("the probability", item.value("a probability"), 0, 0.999));
}

void add_flatten(List& list, Item& item) { list.builder.layer(item.name(), flatten()); }

void add_sum(List& list, Item& item) {
  const int other = list.node(item, item.value("the name of a layer"));
  if (other == list.builder.node()) item.refuse("a layer joined with itself");
  list.builder.join(item.name(), add(), {other});
}

void add_concatenate(List& list, Item& item) {
  std::vector<int> others = {list.node(item, item.value("the name of a layer"))};
  while (item.has_value()) others.push_back(list.node(item, item.value("")));
  std::vector<int> all = others;
  all.push_back(list.builder.node());
  std::sort(all.begin(), all.end());
  if (std::adjacent_find(all.begin(), all.end()) != all.end()) item.refuse("a layer joined with itself");
  list.builder.join(item.name(), concatenate(), others);
}

struct Kind {
  ZooEntry entry;
  void (*add)(List&, Item&);
};

constexpr Kind kKinds[] = {
    {{"conv", "<filters> <kernel> [stride=1] [pad=0] [dilation=1] [groups=1] [bias=1]"}, add_conv},
    {{"depthwise", "<kernel> [stride=1] [pad=0] [dilation=1] [bias=1]: one filter per channel"}, add_depthwise},
    {{"pool", "<window> [stride=window] [pad=0] [ceil=0]: maximum"}, add_pool},
    {{"average_pool", "<window> [stride=window] [pad=0] [ceil=0] [count_padding=1]"}, add_average_pool},
    {{"adaptive_pool", "<size>: average over as many windows"}, add_adaptive_pool},
    {{"linear", "[width] [bias=1]: without width the classes"}, add_linear},
    {{"relu", ""}, add_relu},
    {{"leaky_relu", "[slope]: 0.01"}, add_leaky_relu},
    {{"batch_norm", ""}, add_batch_norm},
    {{"group_norm", "<groups>"}, add_group_norm},
    {{"pan", "encoding of positions as the options pan say; none without them"}, add_encoding},
    {{"dropout", "<probability>"}, add_dropout},
    {{"flatten", ""}, add_flatten},
    {{"add", "<name>: the sum of the layer before and the one called name"}, add_sum},
    {{"concatenate", "<name> [name...]: channels of the layer before and of those called name"}, add_concatenate},
};

constexpr auto kEntries = [] {
  std::array<ZooEntry, std::size(kKinds)> entries;
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i] = kKinds[i].entry;
  return entries;
}();

void add_item(List& list, Item& item) {
  const auto kind =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& k) { return k.entry.name == item.kind(); });
  if (kind == std::end(kKinds)) {
    std::array<std::string_view, std::size(kKinds)> names;
    for (std::size_t i = 0; i < names.size(); ++i) names[i] = kKinds[i].entry.name;
    const std::string_view wrong = item.kind().substr(0, 80);
    item.refuse(fmt::format("there is no layer '{}'{}", wrong, suggestion(wrong, names)));
  }
  const std::string_view name = item.named("as"), from = item.named("from");
  if (!from.empty()) list.builder.go_to(list.node(item, from));
  const auto is_name = [&](const auto& entry) { return entry.first == name; };
  if (!name.empty() && std::any_of(list.names.begin(), list.names.end(), is_name))
    item.refuse(fmt::format("a layer before it is called '{}' too", name));
  kind->add(list, item);
  item.check_used();
  if (!name.empty()) list.names.emplace_back(name, list.builder.node());
}

}  // namespace

void build_layer_list(Builder& b, std::string_view) {
  std::string_view rest = b.options().layers;
  FEDSCAPE_CHECK(!rest.empty(), "network 'layers' needs the option layers, e.g. 'flatten, linear 100, relu, linear'");
  List list{b, {{"input", 0}}};
  for (int place = 0; !rest.empty(); ++place) {
    Item item(place, next_piece(rest, ','));
    if (place >= kMostLayers) item.refuse(fmt::format("more than {} layers", kMostLayers));
    add_item(list, item);
  }
  FEDSCAPE_CHECK(b.shape() == Shape{b.classes()},
                 "layers must end in one number for each of {} classes ('linear'), not in {}", b.classes(),
                 b.shape().text());
}

}  // namespace nn

std::span<const ZooEntry> layer_kinds() { return nn::kEntries; }

}  // namespace fedscape
