#pragma once

#include <hdf5.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "fedscape/io/hdf5.hpp"

namespace fedscape::hdf5 {

static_assert(std::same_as<hid_t, std::int64_t>);

/// The call's result, or an Error with where it happened, the call's text and HDF5's own reason if it is negative.
std::int64_t check(std::int64_t result, const char* call, const std::string& where);
/// Before the first call: from then on errors come from check() alone, and no filter is loaded from outside.
void prepare();

hid_t native(Type type);
std::int64_t bytes_of(Type type);
/// UTF-8 strings of variable length: what h5py calls str.
Id text_type(const std::string& where);
/// An Error if a space has more axes or elements than Shape can express.
Shape shape_of(hid_t space, const std::string& where);
/// The `count` strings of fixed or variable length that `read(memory type, buffer)` delivers.
using ReadInto = std::function<void(hid_t, void*)>;
std::vector<std::string> strings(hid_t type, hid_t space, std::int64_t count, const std::string& where,
                                 const ReadInto& read);

}  // namespace fedscape::hdf5

#define HDF5_CHECK(where, call) ::fedscape::hdf5::check((call), #call, where)
