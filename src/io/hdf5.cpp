#include "fedscape/io/hdf5.hpp"

#include <algorithm>
#include <array>

#include "fedscape/base/check.hpp"
#include "src/io/hdf5_native.hpp"

namespace fedscape::hdf5 {
namespace {

constexpr std::int64_t kChunkBytes = 1 << 14;  // small enough that hundreds of short histories stay small

/// A fresh attribute of one value; one that exists goes first.
Id make_attribute(hid_t object, const std::string& name, hid_t type, const std::string& where) {
  if (HDF5_CHECK(where, H5Aexists(object, name.c_str())) > 0) HDF5_CHECK(where, H5Adelete(object, name.c_str()));
  const Id space(HDF5_CHECK(where, H5Screate(H5S_SCALAR)));
  return Id(HDF5_CHECK(where, H5Acreate2(object, name.c_str(), type, space.get(), H5P_DEFAULT, H5P_DEFAULT)));
}

struct Attribute {
  Id id, type, space;
};

/// An attribute of one value.
Attribute open_attribute(hid_t object, const std::string& name, const std::string& where) {
  FEDSCAPE_CHECK(HDF5_CHECK(where, H5Aexists(object, name.c_str())) > 0, "{}: attribute expected, found none", where);
  Attribute attribute;
  attribute.id = Id(HDF5_CHECK(where, H5Aopen(object, name.c_str(), H5P_DEFAULT)));
  attribute.type = Id(HDF5_CHECK(where, H5Aget_type(attribute.id.get())));
  attribute.space = Id(HDF5_CHECK(where, H5Aget_space(attribute.id.get())));
  const Shape shape = shape_of(attribute.space.get(), where);
  FEDSCAPE_CHECK(shape.size() == 1, "{}: one value expected, found {}", where, shape.text());
  return attribute;
}

herr_t collect_link(hid_t, const char* name, const H5L_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

herr_t collect_attribute(hid_t, const char* name, const H5A_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

/// Datasets and groups without times of change, so that the same contents are the same bytes.
Id creation_properties(hid_t kind, const std::string& where) {
  Id properties(HDF5_CHECK(where, H5Pcreate(kind)));
  HDF5_CHECK(where, H5Pset_obj_track_times(properties.get(), false));
  return properties;
}

Id with_parents(const std::string& where) {
  Id properties(HDF5_CHECK(where, H5Pcreate(H5P_LINK_CREATE)));
  HDF5_CHECK(where, H5Pset_create_intermediate_group(properties.get(), 1));
  return properties;
}

}  // namespace

void Object::set_text(const std::string& name, const std::string& value) {
  const std::string where = where_ + " @" + name;
  const Id type = text_type(where);
  const Id made = make_attribute(id_.get(), name, type.get(), where);
  const char* text = value.c_str();
  HDF5_CHECK(where, H5Awrite(made.get(), type.get(), &text));
}

void Object::set_integer(const std::string& name, std::int64_t value) {
  const std::string where = where_ + " @" + name;
  HDF5_CHECK(where, H5Awrite(make_attribute(id_.get(), name, H5T_NATIVE_INT64, where).get(), H5T_NATIVE_INT64, &value));
}

void Object::set_number(const std::string& name, double value) {
  const std::string where = where_ + " @" + name;
  HDF5_CHECK(where,
             H5Awrite(make_attribute(id_.get(), name, H5T_NATIVE_DOUBLE, where).get(), H5T_NATIVE_DOUBLE, &value));
}

bool Object::has_attribute(const std::string& name) const {
  return HDF5_CHECK(where_, H5Aexists(id_.get(), name.c_str())) > 0;
}

std::vector<std::string> Object::attributes() const {
  std::vector<std::string> names;
  HDF5_CHECK(where_, H5Aiterate2(id_.get(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect_attribute, &names));
  std::sort(names.begin(), names.end());
  return names;
}

std::string Object::text(const std::string& name) const {
  const std::string where = where_ + " @" + name;
  const Attribute attribute = open_attribute(id_.get(), name, where);
  return strings(attribute.type.get(), attribute.space.get(), 1, where,
                 [&](hid_t type, void* out) { HDF5_CHECK(where, H5Aread(attribute.id.get(), type, out)); })
      .front();
}

std::int64_t Object::integer(const std::string& name) const {
  const std::string where = where_ + " @" + name;
  const Attribute attribute = open_attribute(id_.get(), name, where);
  FEDSCAPE_CHECK(H5Tget_class(attribute.type.get()) == H5T_INTEGER, "{}: an integer expected, found another type",
                 where);
  std::int64_t value = 0;
  HDF5_CHECK(where, H5Aread(attribute.id.get(), H5T_NATIVE_INT64, &value));
  return value;
}

double Object::number(const std::string& name) const {
  const std::string where = where_ + " @" + name;
  const Attribute attribute = open_attribute(id_.get(), name, where);
  const H5T_class_t kind = H5Tget_class(attribute.type.get());
  FEDSCAPE_CHECK(kind == H5T_FLOAT || kind == H5T_INTEGER, "{}: a number expected, found another type", where);
  double value = 0;
  HDF5_CHECK(where, H5Aread(attribute.id.get(), H5T_NATIVE_DOUBLE, &value));
  return value;
}

std::string Group::inside(std::string_view path) const {
  return fmt::format("{}{}{}", where_, where_.ends_with('/') ? "" : "/", path);
}

bool Group::has(std::string_view path, int object_type) const {
  std::string so_far;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    so_far = std::string(path.substr(0, end));
    if (end == begin || H5Lexists(id_.get(), so_far.c_str(), H5P_DEFAULT) <= 0) return false;
    H5L_info_t link{};
    HDF5_CHECK(where_, H5Lget_info(id_.get(), so_far.c_str(), &link, H5P_DEFAULT));
    FEDSCAPE_CHECK(link.type == H5L_TYPE_HARD, "{}: an object of this file expected, found a link", inside(so_far));
    begin = end + 1;
  }
  const Id object(HDF5_CHECK(inside(so_far), H5Oopen(id_.get(), so_far.c_str(), H5P_DEFAULT)));
  return H5Iget_type(object.get()) == object_type;
}

bool Group::has_group(std::string_view path) const { return has(path, H5I_GROUP); }
bool Group::has_dataset(std::string_view path) const { return has(path, H5I_DATASET); }

std::vector<std::string> Group::names(std::int64_t most) const {
  H5G_info_t info{};
  HDF5_CHECK(where_, H5Gget_info(id_.get(), &info));
  FEDSCAPE_CHECK(info.nlinks <= static_cast<hsize_t>(most), "{}: at most {} members expected, found {}", where_, most,
                 info.nlinks);
  std::vector<std::string> names;
  HDF5_CHECK(where_, H5Literate(id_.get(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect_link, &names));
  std::sort(names.begin(), names.end());
  return names;
}

Group Group::group(const std::string& path) const {
  FEDSCAPE_CHECK(has_group(path), "{}: a group expected, found none", inside(path));
  return Group(Id(HDF5_CHECK(inside(path), H5Gopen2(id_.get(), path.c_str(), H5P_DEFAULT))), inside(path));
}

Dataset Group::dataset(const std::string& path) const {
  FEDSCAPE_CHECK(has_dataset(path), "{}: a dataset expected, found none", inside(path));
  return Dataset(Id(HDF5_CHECK(inside(path), H5Dopen2(id_.get(), path.c_str(), H5P_DEFAULT))), inside(path));
}

Group Group::make_group(const std::string& path) {
  if (has_group(path)) return group(path);
  const std::string where = inside(path);
  const Id parents = with_parents(where), properties = creation_properties(H5P_GROUP_CREATE, where);
  return Group(Id(HDF5_CHECK(where, H5Gcreate2(id_.get(), path.c_str(), parents.get(), properties.get(), H5P_DEFAULT))),
               where);
}

Dataset Group::write_text(const std::string& path, std::span<const std::string> values) {
  return make_text(path, {static_cast<std::int64_t>(values.size())}, values);
}

Dataset Group::write_text(const std::string& path, const std::string& value) {
  return make_text(path, {}, std::span(&value, 1));
}

Dataset Group::make_text(const std::string& path, const Shape& shape, std::span<const std::string> values) {
  const std::string where = inside(path);
  const Id type = text_type(where), parents = with_parents(where);
  const Id properties = creation_properties(H5P_DATASET_CREATE, where);
  const hsize_t count = values.size();
  const Id space(HDF5_CHECK(where, H5Screate_simple(shape.rank(), &count, nullptr)));
  Id made(HDF5_CHECK(where, H5Dcreate2(id_.get(), path.c_str(), type.get(), space.get(), parents.get(),
                                       properties.get(), H5P_DEFAULT)));
  std::vector<const char*> texts;
  for (const std::string& value : values) texts.push_back(value.c_str());
  if (count > 0) HDF5_CHECK(where, H5Dwrite(made.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data()));
  return Dataset(std::move(made), where);
}

Dataset Group::make(const std::string& path, Type type, const Shape& shape, bool extendible) {
  const std::string where = inside(path);
  const Id parents = with_parents(where), properties = creation_properties(H5P_DATASET_CREATE, where);
  std::array<hsize_t, Shape::kMaxRank> extents{}, most{}, chunk{};
  std::copy(shape.extents().begin(), shape.extents().end(), extents.begin());
  most = extents;
  if (extendible) {
    std::copy(shape.extents().begin(), shape.extents().end(), chunk.begin());
    const std::int64_t row = shape.inner().size() * bytes_of(type);
    FEDSCAPE_CHECK(row > 0, "{}: rows of {}", where, shape.inner().text());
    most[0] = H5S_UNLIMITED;
    chunk[0] = static_cast<hsize_t>(std::max<std::int64_t>(kChunkBytes / row, 1));
    HDF5_CHECK(where, H5Pset_chunk(properties.get(), shape.rank(), chunk.data()));
  }
  const Id space(HDF5_CHECK(where, H5Screate_simple(shape.rank(), extents.data(), most.data())));
  return Dataset(Id(HDF5_CHECK(where, H5Dcreate2(id_.get(), path.c_str(), native(type), space.get(), parents.get(),
                                                 properties.get(), H5P_DEFAULT))),
                 where);
}

}  // namespace fedscape::hdf5
