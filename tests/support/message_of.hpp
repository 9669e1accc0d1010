#pragma once

#include <string>

#include "fedscape/base/check.hpp"

namespace fedscape::test {

/// The message of the Error that `work` throws; empty if it throws none.
template <class Work>
std::string message_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace fedscape::test
