#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fedscape/base/fields.hpp"
#include "fedscape/io/hdf5.hpp"

namespace fedscape {

/// What a run or a sweep is: stored in its file, and compared when it is resumed.
struct RunInfo {
  std::string command;            // "fl run"
  Description options;            // all of them, resolved
  std::vector<std::string> free;  // names of those that a resumed run may change: rounds, threads, paths...
  std::uint64_t seed = 0, data_hash = 0;
  std::string device, build;  // recorded only
};

/// Writes @command, @build, @device, and @seed and @data_hash as 16 hexadecimal digits, to the root of a file, and
/// every option to the attributes of its group options. Replaces what stands there.
void write_info(hdf5::Group& root, const RunInfo& info);
/// An Error unless the file is of the same run but for free options: it names what differs, both values, and what may
/// differ.
void check_same_run(const hdf5::Group& root, const RunInfo& info);
/// 64-bit FNV-1a over all that must not differ.
std::uint64_t identity(const RunInfo& info);

}  // namespace fedscape
