#pragma once

#include <gmock/gmock.h>

#include "fedscape/comm/profile_table.hpp"

namespace fedscape::test {

/// A profile with all the numbers of `table`.
MATCHER_P(same_profile, table, "") {
  bool same = arg.rows.size() == table.rows.size() && arg.ranks == table.ranks && arg.threads == table.threads &&
              arg.wall_seconds == table.wall_seconds && arg.peaks.flops == table.peaks.flops &&
              arg.peaks.bytes == table.peaks.bytes;
  for (std::size_t i = 0; same && i < table.rows.size(); ++i) {
    const ProfileTable::Row &a = arg.rows[i], &b = table.rows[i];
    same = a.phase == b.phase && a.kind == b.kind && a.calls == b.calls && a.seconds == b.seconds &&
           a.cost.flops == b.cost.flops && a.cost.bytes == b.cost.bytes;
  }
  return same;
}

}  // namespace fedscape::test
