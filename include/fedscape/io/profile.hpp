#pragma once

#include <optional>

#include "fedscape/comm/profile_table.hpp"
#include "fedscape/io/hdf5.hpp"

namespace fedscape {

/// The profile in a run or surface file: that of the last process that ended with --profile, replaced as a whole.
///
/// | object                              | shape, type | content
/// | ----------------------------------- | ----------- | -------
/// | /profile @rows                      | text        | "phase" or "phase kind" of each row, one a line
/// | /profile @ranks, threads            | i64         | threads: of all ranks
/// | /profile @wall_seconds              | f64         | the measured time; rows add up to threads * wall_seconds
/// | /profile @peak_flops, peak_bytes    | f64         | what a thread can do a second, see Peaks; 0: not known
/// | /profile/calls                      | [r] i64     | how often
/// | /profile/seconds, flops, bytes      | [r] f64     | of all threads together; flops and bytes as Cost says
void write_profile(hdf5::Group& root, const ProfileTable& table);
/// Nothing where the file has none.
std::optional<ProfileTable> read_profile(const hdf5::Group& root);

}  // namespace fedscape
