#include <algorithm>
#include <array>

#include "fedscape/base/check.hpp"
#include "src/io/hdf5_native.hpp"

namespace fedscape::hdf5 {
namespace {

constexpr std::int64_t kMostChunkBytes = 1 << 30;

/// Refuses what leads outside the file, and what takes memory that the data do not justify.
void check_storage(hid_t dataset, std::int64_t elements, std::int64_t bytes, const std::string& where) {
  const Id plist(HDF5_CHECK(where, H5Dget_create_plist(dataset)));
  const H5D_layout_t layout = H5Pget_layout(plist.get());
  FEDSCAPE_CHECK(layout == H5D_COMPACT || layout == H5D_CONTIGUOUS || layout == H5D_CHUNKED,
                 "{}: a stored dataset expected, found a virtual one", where);
  FEDSCAPE_CHECK(HDF5_CHECK(where, H5Pget_external_count(plist.get())) == 0,
                 "{}: data within the file expected, found a reference to another file", where);
  if (layout == H5D_CHUNKED) {
    std::array<hsize_t, Shape::kMaxRank> chunk{};
    const auto rank = HDF5_CHECK(where, H5Pget_chunk(plist.get(), Shape::kMaxRank, chunk.data()));
    std::int64_t size = bytes;
    for (std::int64_t axis = 0; axis < rank; ++axis) {
      const auto extent = static_cast<std::int64_t>(std::min<hsize_t>(chunk[static_cast<std::size_t>(axis)], 1U << 31));
      FEDSCAPE_CHECK(!__builtin_mul_overflow(size, extent, &size) && size <= kMostChunkBytes,
                     "{}: chunks of at most {} bytes expected, found larger ones", where, kMostChunkBytes);
    }
  } else if (const auto stored = H5Dget_storage_size(dataset); stored > 0) {
    FEDSCAPE_CHECK(stored / static_cast<hsize_t>(bytes) >= static_cast<hsize_t>(elements),
                   "{}: {} elements of {} bytes expected, found {} bytes", where, elements, bytes, stored);
  }
}

Id space_of(hid_t dataset, const std::string& where) { return Id(HDF5_CHECK(where, H5Dget_space(dataset))); }
Id type_of(hid_t dataset, const std::string& where) { return Id(HDF5_CHECK(where, H5Dget_type(dataset))); }

/// Floats cannot be read as integers; strings, compounds and the like not as numbers.
void check_kind(hid_t type, Type wanted, const std::string& where) {
  const H5T_class_t kind = H5Tget_class(type);
  const bool floats = wanted == Type::f32 || wanted == Type::f64;
  FEDSCAPE_CHECK(kind == H5T_INTEGER || (floats && kind == H5T_FLOAT), "{}: {} expected, found {}", where,
                 floats ? "numbers" : "integers", kind == H5T_FLOAT ? "floats" : "another type");
}

/// Elements of one row of axis 0.
std::int64_t row_size(const Shape& shape, const std::string& where) {
  FEDSCAPE_CHECK(shape.rank() > 0, "{}: rows expected, found a single value", where);
  return shape.inner().size();
}

/// Space of the rows begin..begin+rows-1 within a space of `shape`.
void select_rows(hid_t space, const Shape& shape, std::int64_t begin, std::int64_t rows, const std::string& where) {
  std::array<hsize_t, Shape::kMaxRank> start{}, count{};
  std::copy(shape.extents().begin(), shape.extents().end(), count.begin());
  start[0] = static_cast<hsize_t>(begin);
  count[0] = static_cast<hsize_t>(rows);
  HDF5_CHECK(where, H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr));
}

Id flat_space(std::int64_t count, const std::string& where) {
  const auto extent = static_cast<hsize_t>(count);
  return Id(HDF5_CHECK(where, H5Screate_simple(1, &extent, nullptr)));
}

}  // namespace

Shape Dataset::shape() const { return shape_of(space_of(id_.get(), where_).get(), where_); }
bool Dataset::holds_text() const { return H5Tget_class(type_of(id_.get(), where_).get()) == H5T_STRING; }
bool Dataset::holds_floats() const { return H5Tget_class(type_of(id_.get(), where_).get()) == H5T_FLOAT; }

std::int64_t Dataset::checked_size(std::int64_t most) const {
  const Shape found = shape();
  FEDSCAPE_CHECK(found.size() <= most, "{}: at most {} elements expected, found {}", where_, most, found.text());
  const Id type = type_of(id_.get(), where_);
  check_storage(id_.get(), found.size(), static_cast<std::int64_t>(std::max<std::size_t>(H5Tget_size(type.get()), 1)),
                where_);
  return found.size();
}

void Dataset::read_all(Type type, void* out) const {
  check_kind(type_of(id_.get(), where_).get(), type, where_);
  if (shape().size() > 0) HDF5_CHECK(where_, H5Dread(id_.get(), native(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, out));
}

std::vector<std::string> Dataset::read_text(std::int64_t most) const {
  const std::int64_t count = checked_size(most);
  const Id space = space_of(id_.get(), where_);
  return strings(type_of(id_.get(), where_).get(), space.get(), count, where_, [&](hid_t type, void* out) {
    HDF5_CHECK(where_, H5Dread(id_.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out));
  });
}

void Dataset::read_rows(Type type, std::int64_t begin, std::int64_t count, void* out) const {
  if (count == 0) return;
  const Shape found = shape();
  const std::int64_t row = row_size(found, where_);
  FEDSCAPE_CHECK(row > 0 && count % row == 0 && begin >= 0 && begin <= found[0] && count / row <= found[0] - begin,
                 "{}: {} elements from row {} expected, found {}", where_, count, begin, found.text());
  checked_size(found.size());
  check_kind(type_of(id_.get(), where_).get(), type, where_);
  const Id space = space_of(id_.get(), where_), memory = flat_space(count, where_);
  select_rows(space.get(), found, begin, count / row, where_);
  HDF5_CHECK(where_, H5Dread(id_.get(), native(type), memory.get(), space.get(), H5P_DEFAULT, out));
}

void Dataset::write_all(Type type, const void* values, std::int64_t count) {
  const Shape found = shape();
  FEDSCAPE_CHECK(found.size() == count, "{}: {} values for {}", where_, count, found.text());
  if (count > 0) HDF5_CHECK(where_, H5Dwrite(id_.get(), native(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
}

void Dataset::append_rows(Type type, const void* values, std::int64_t count) {
  const Shape found = shape();
  const std::int64_t row = row_size(found, where_);
  FEDSCAPE_CHECK(row > 0 && count % row == 0, "{}: {} values for rows of {}", where_, count, found.inner().text());
  if (count == 0) return;
  const Shape longer = found.inner().under(found[0] + count / row);
  truncate(longer[0]);
  const Id space = space_of(id_.get(), where_), memory = flat_space(count, where_);
  select_rows(space.get(), longer, found[0], count / row, where_);
  HDF5_CHECK(where_, H5Dwrite(id_.get(), native(type), memory.get(), space.get(), H5P_DEFAULT, values));
}

void Dataset::truncate(std::int64_t rows) {
  const Shape found = shape();
  FEDSCAPE_CHECK(found.rank() > 0 && rows >= 0, "{}: {} rows of {}", where_, rows, found.text());
  std::array<hsize_t, Shape::kMaxRank> extents{};
  std::copy(found.extents().begin(), found.extents().end(), extents.begin());
  extents[0] = static_cast<hsize_t>(rows);
  HDF5_CHECK(where_, H5Dset_extent(id_.get(), extents.data()));
}

}  // namespace fedscape::hdf5
