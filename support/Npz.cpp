//===- Npz.cpp - Arrays in NumPy's archives -------------------------------===//
#include "support/Npz.h"
#include "support/Error.h"
#include "support/NpyHeader.h"
#include "support/Zip.h"

#include <cstring>

namespace glyptic {

static constexpr std::string_view kSuffix = ".npy";

/// Row-major bytes of an array that lies column-major. Walks the target in order.
static std::vector<std::byte> toRowMajor(const NpyHeader &header, const std::vector<std::byte> &source) {
  size_t rank = header.shape.size(), width = sizeOf(header.type);
  std::vector<size_t> strides(rank);
  std::vector<int64_t> position(rank, 0);
  size_t stride = width;
  for (size_t i = 0; i < rank; ++i) {
    strides[i] = stride;
    stride *= static_cast<size_t>(header.shape[i]);
  }
  std::vector<std::byte> target(source.size());
  size_t offset = 0;
  for (size_t done = 0; done < target.size(); done += width) {
    std::memcpy(target.data() + done, source.data() + offset, width);
    for (size_t i = rank; i-- > 0;) {
      offset += strides[i];
      if (++position[i] < header.shape[i])
        break;
      offset -= strides[i] * static_cast<size_t>(header.shape[i]);
      position[i] = 0;
    }
  }
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
