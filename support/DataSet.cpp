//===- DataSet.cpp --------------------------------------------------------===//
#include "support/DataSet.h"
#include "support/Convert.h"
#include "support/Csv.h"
#include "support/Error.h"
#include "support/Npz.h"
#include <algorithm>
#include <cstring>
#include <zlib.h>

namespace glyptic {
namespace {

bool endsWith(const std::string &text, const char *end) {
  size_t size = std::strlen(end);
  return text.size() >= size && text.compare(text.size() - size, size, end) == 0;
}

bool isCsv(const std::string &path) { return endsWith(path, ".csv") || endsWith(path, ".csv.gz"); }

[[noreturn]] void refuseFormat(const std::string &path) { throw Error(path + ": data must be .npz, .csv or .csv.gz"); }

std::string shapeText(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (int64_t extent : shape)
    text += (text.size() > 1 ? "," : "") + std::to_string(extent);
  return text + "]";
}

template <typename Range, typename Name> std::string nameList(const Range &range, Name name) {
  std::string text;
  for (const auto &element : range)
    text += (text.empty() ? "'" : ", '") + name(element) + "'";
  return text.empty() ? "nothing" : text;
}

std::string arrayList(const std::vector<NpzArray> &file) {
  return nameList(file, [](const NpzArray &array) { return array.name; });
}

const NpzArray *find(const std::vector<NpzArray> &file, const std::string &name) {
  auto found = std::find_if(file.begin(), file.end(), [&](const NpzArray &array) { return array.name == name; });
  return found == file.end() ? nullptr : &*found;
}

/// Extents other than 1: [N,1] and [N] hold the same labels.
std::vector<int64_t> squeezed(std::vector<int64_t> extents) {
  extents.erase(std::remove(extents.begin(), extents.end(), 1), extents.end());
  return extents;
}

bool shapeFits(const ArraySpec &spec, const std::vector<int64_t> &shape) {
  if (spec.label && spec.batched && spec.rows == 1 && !shape.empty())
    return squeezed({shape.begin() + 1, shape.end()}) == squeezed(spec.dims);
  if (!spec.batched)
    return shape == spec.dims;
  return !shape.empty() && shape[0] % spec.rows == 0 &&
         std::equal(shape.begin() + 1, shape.end(), spec.dims.begin(), spec.dims.end());
}

/// The content of one array in the program's type.
std::vector<std::byte> convert(const std::string &path, const ArraySpec &spec, const NpzArray &array) {
  const std::byte *data = array.bytes.data();
  if (array.type == spec.type)
    return {data, data + array.bytes.size()};
  size_t count = array.bytes.size() / sizeOf(array.type);
  if (spec.type == DType::BF16 && array.type == DType::F32)
    return toBfloat16(reinterpret_cast<const float *>(data), count);
  bool wanted = spec.type == DType::F32 || spec.type == DType::F64 || isInteger(spec.type);
  if (spec.label && isInteger(array.type) && wanted) {
    std::vector<std::byte> out;
    auto bad = convertIntegers(data, array.type, spec.type, count, out);
    if (!bad)
      return out;
    throw Error(path + ": label '" + spec.name + "': element " + std::to_string(*bad) + " does not fit " +
                nameOf(spec.type) + " exactly");
  }
  throw Error(path + ": array '" + spec.name + "' is " + nameOf(array.type) + ", the model takes " + nameOf(spec.type) +
              "; convert it with .astype('" + nameOf(spec.type) + "')");
}

} // namespace

int64_t ArraySpec::elementsPerSample() const {
  int64_t count = batched ? rows : 1;
  for (int64_t extent : dims)
    count *= extent;
  return count;
}

std::string ArraySpec::describe() const {
  std::string shape = shapeText(dims);
  if (batched) {
    std::string first = rows == 1 ? "N" : std::to_string(rows) + "*N";
    shape = "[" + first + (dims.empty() ? "" : ",") + shape.substr(1);
  }
  return std::string(nameOf(type)) + " " + shape;
}

DataSet DataSet::load(const std::string &path, const std::vector<ArraySpec> &specs) {
  DataSet set;
  set.path = path;
  set.arrays = specs;
  set.contents.resize(specs.size());
  if (endsWith(path, ".npz"))
    set.loadNpz();
  else if (isCsv(path))
    set.loadCsv();
  else
    refuseFormat(path);
  if (set.samples == 0)
    throw Error(path + ": holds no samples");
  return set;
}

uint64_t DataSet::count(const std::string &path, const std::string &label) {
  if (isCsv(path)) {
    CsvReader reader(path);
    uint64_t lines = 0;
    while (reader.next())
      ++lines;
    return lines;
  }
  if (!endsWith(path, ".npz"))
    refuseFormat(path);
  std::vector<NpzArray> file = readNpz(path);
  const NpzArray *array = find(file, label);
  if (!array || array->shape.empty())
    throw Error(path + ": has no label array '" + label + "', it holds " + arrayList(file) + "; name it with --label");
  return uint64_t(array->shape[0]);
}

void DataSet::loadNpz() {
  std::vector<NpzArray> file = readNpz(path);
  const ArraySpec *first = nullptr;
  for (size_t i = 0; i < arrays.size(); ++i) {
    const ArraySpec &spec = arrays[i];
    const NpzArray *array = find(file, spec.name);
    if (!array)
      throw Error(path + ": has no array '" + spec.name + "' (" + (spec.label ? "the label, " : "a model input, ") +
                  spec.describe() + "), it holds " + arrayList(file) +
                  (spec.label ? "; name the label with --label" : ""));
    if (!shapeFits(spec, array->shape))
      throw Error(path + ": array '" + spec.name + "' has shape " + shapeText(array->shape) + ", the model takes " +
                  spec.describe() + (spec.batched ? ", N being the number of samples" : ""));
    contents[i] = convert(path, spec, *array);
    if (!spec.batched)
      continue;
    uint64_t count = uint64_t(array->shape[0] / spec.rows);
    if (first && count != samples)
      throw Error(path + ": array '" + first->name + "' has " + std::to_string(samples) + " samples, '" + spec.name +
                  "' has " + std::to_string(count));
    first = first ? first : &spec;
    samples = count;
  }
}

namespace {

/// Which column feeds which element of a sample, per array.
std::vector<std::vector<size_t>> assignColumns(const std::string &path, const std::vector<std::string> &columns,
                                               const std::vector<ArraySpec> &specs) {
  auto list = [&] { return nameList(columns, [](const std::string &name) { return name; }); };
  size_t inputs = std::count_if(specs.begin(), specs.end(), [](const ArraySpec &spec) { return !spec.label; });
  std::vector<std::vector<size_t>> assigned(specs.size());
  std::vector<bool> isLabel(columns.size(), false);
  auto byName = [&](const ArraySpec &spec) {
    auto found = std::find(columns.begin(), columns.end(), spec.name);
    if (found == columns.end())
      throw Error(path + ": has no column '" + spec.name + "'" + (spec.label ? " (the label)" : "") + ", it holds " +
                  list() + (spec.label ? "; name the label with --label" : ""));
    if (spec.elementsPerSample() != 1)
      throw Error(path + ": '" + spec.name + "' is " + spec.describe() + ", which one column cannot hold; use .npz");
    return size_t(found - columns.begin());
  };
  for (size_t i = 0; i < specs.size(); ++i)
    if (specs[i].label || inputs > 1) {
      assigned[i] = {byName(specs[i])};
      isLabel[assigned[i][0]] = isLabel[assigned[i][0]] || specs[i].label;
    }
  for (size_t i = 0; i < specs.size(); ++i) {
    if (!assigned[i].empty())
      continue;
    for (size_t column = 0; column < columns.size(); ++column)
      if (!isLabel[column])
        assigned[i].push_back(column);
    if (int64_t(assigned[i].size()) != specs[i].elementsPerSample())
      throw Error(path + ": has " + std::to_string(assigned[i].size()) + " columns besides the label, input '" +
                  specs[i].name + "' (" + specs[i].describe() + ") takes " +
                  std::to_string(specs[i].elementsPerSample()));
  }
  return assigned;
}

template <typename T> void append(std::vector<std::byte> &bytes, T value) {
  auto *begin = reinterpret_cast<const std::byte *>(&value);
  bytes.insert(bytes.end(), begin, begin + sizeof(T));
}

} // namespace

void DataSet::loadCsv() {
  for (const ArraySpec &spec : arrays)
    if (spec.type != DType::F32 && spec.type != DType::F64 && spec.type != DType::I64 && spec.type != DType::I32)
      throw Error(path + ": '" + spec.name + "' is " + nameOf(spec.type) +
                  "; tables hold float32, float64, int32 and int64 only, use .npz");
  CsvReader reader(path);
  auto assigned = assignColumns(path, reader.columns(), arrays);
  while (reader.next()) {
    ++samples;
    for (size_t i = 0; i < arrays.size(); ++i)
      for (size_t column : assigned[i]) {
        if (arrays[i].type == DType::F32)
          append(contents[i], reader.number<float>(column));
        else if (arrays[i].type == DType::F64)
          append(contents[i], reader.number<double>(column));
        else if (arrays[i].type == DType::I32)
          append(contents[i], reader.number<int32_t>(column));
        else
          append(contents[i], reader.number<int64_t>(column));
      }
  }
}

size_t DataSet::indexOf(const std::string &name) const {
  for (size_t i = 0; i < arrays.size(); ++i)
    if (arrays[i].name == name)
      return i;
  throw Error(ErrorCode::Internal, "the data set was loaded for another program: it lacks '" + name + "'");
}

size_t DataSet::bytes(size_t index, size_t count) const {
  return arrays[index].bytesPerSample() * (arrays[index].batched ? count : 1);
}

void DataSet::gather(size_t index, const uint64_t *which, size_t count, void *target) const {
  const std::vector<std::byte> &content = contents[index];
  if (!arrays[index].batched) {
    std::memcpy(target, content.data(), content.size());
    return;
  }
  size_t size = arrays[index].bytesPerSample();
  for (size_t i = 0; i < count; ++i)
    std::memcpy(static_cast<std::byte *>(target) + i * size, content.data() + which[i] * size, size);
}

void DataSet::checkRange(const ArrayRange &range) const {
  for (size_t i = 0; i < arrays.size(); ++i) {
    const ArraySpec &spec = arrays[i];
    if (spec.name != range.array || !isInteger(spec.type))
      continue;
    withType(spec.type, [&](auto zero) {
      auto *values = reinterpret_cast<const decltype(zero) *>(contents[i].data());
      for (size_t e = 0, count = contents[i].size() / sizeof(zero); e < count; ++e) {
        int64_t value = int64_t(values[e]);
        if ((value >= range.low && value < range.high) || (range.hasIgnored && value == range.ignored))
          continue;
        throw Error(path + ": '" + spec.name + "' of sample " + std::to_string(e / spec.elementsPerSample()) + " is " +
                    std::to_string(value) + ", the model takes " + std::to_string(range.low) + " to " +
                    std::to_string(range.high - 1));
      }
    });
  }
}

uint32_t DataSet::checksum() const {
  uLong sum = crc32(0, nullptr, 0);
  for (size_t i = 0; i < arrays.size(); ++i) {
    std::string head = arrays[i].name + arrays[i].describe();
    sum = crc32_z(sum, reinterpret_cast<const Bytef *>(head.data()), head.size());
    sum = crc32_z(sum, reinterpret_cast<const Bytef *>(contents[i].data()), contents[i].size());
  }
  return uint32_t(sum);
}

} // namespace glyptic
