//===- Npz.cpp - Arrays in NumPy's archives -------------------------------===//
#include "support/Npz.h"
#include "support/Error.h"
#include "support/NpyHeader.h"
#include "support/Permute.h"
#include "support/Zip.h"

#include <numeric>

namespace glyptic {

static constexpr std::string_view kSuffix = ".npy";

/// Row-major bytes of an array that lies column-major: row-major with its dimensions in reverse.
static std::vector<std::byte> toRowMajor(const NpyHeader &header, const std::vector<std::byte> &source) {
  std::vector<int64_t> shape(header.shape.rbegin(), header.shape.rend());
  std::vector<size_t> reverse(shape.size());
  std::iota(reverse.rbegin(), reverse.rend(), 0);
  std::vector<std::byte> target(source.size());
  permute(source.data(), shape, reverse, sizeOf(header.type), target.data());
  return target;
}

static NpzArray readArray(const ZipEntry &entry) {
  std::string_view name = entry.name;
  if (name.size() <= kSuffix.size() || name.substr(name.size() - kSuffix.size()) != kSuffix)
    throw Error(ErrorCode::Format, "entry " + quoteName(name) + " is not an array (its name does not end in .npy)");
  name.remove_suffix(kSuffix.size());

  std::vector<std::byte> bytes = ZipReader::inflated(entry);
  return withSubject("array " + quoteName(name), [&] {
    NpyHeader header = parseNpyHeader({reinterpret_cast<const char *>(bytes.data()), bytes.size()});
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(header.dataOffset));
    if (tensorBytes(header.type, header.shape) != bytes.size())
      throw Error(ErrorCode::Format, "it has " + std::to_string(bytes.size()) +
                                         " bytes of data, which is not the size of " +
                                         describe(header.type, header.shape));
    if (header.columnMajor)
      bytes = toRowMajor(header, bytes);
    return NpzArray{std::string(name), header.type, header.shape, std::move(bytes)};
  });
}

std::vector<NpzArray> readNpz(const std::string &path) {
  MappedFile file(path);
  return withSubject(quoteName(path), [&] {
    std::vector<NpzArray> arrays;
    ZipReader archive(file.bytes());
    for (const ZipEntry &entry : archive.entries())
      arrays.push_back(readArray(entry));
    return arrays;
  });
}

void writeNpz(const std::string &path, const std::vector<NpzArray> &arrays) {
  ZipWriter archive(path);
  for (const NpzArray &array : arrays) {
    if (!numpyDescription(array.type))
      throw Error(ErrorCode::Unsupported,
                  "NumPy has no type for array " + quoteName(array.name) + " of " + nameOf(array.type));
    if (tensorBytes(array.type, array.shape) != array.bytes.size())
      throw Error(ErrorCode::Internal, "array " + quoteName(array.name) + " has " + std::to_string(array.bytes.size()) +
                                           " bytes, which is not the size of " + describe(array.type, array.shape));
    std::string header = makeNpyHeader(array.type, array.shape);
    archive.begin(array.name + std::string(kSuffix), header.size() + array.bytes.size());
    archive.write(header.data(), header.size());
    archive.write(array.bytes.data(), array.bytes.size());
    archive.end();
  }
  archive.commit();
}

} // namespace glyptic
