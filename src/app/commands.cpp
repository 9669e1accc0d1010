#include "src/app/commands.hpp"

namespace fedscape {

namespace {

constexpr CommandEntry kCommands[] = {
    {"list", "what there is: networks, algorithms, penalties, partitions, datasets, metrics", "[KIND]", make_list,
     false},
};

}  // namespace

std::span<const CommandEntry> commands() { return kCommands; }

}  // namespace fedscape
