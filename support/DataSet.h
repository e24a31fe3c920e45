//===- DataSet.h - Samples for training and evaluation ----------*- C++ -*-===//
#pragma once

#include "support/DataType.h"
#include <cstddef>
#include <string>
#include <vector>

namespace glyptic {

/// What a program asks of one array. The first axis counts samples (times `rows`, if a sample has several).
struct ArraySpec {
  std::string name;
  DType type = DType::F32;
  bool batched = true;          ///< false: one value for all samples, its shape is `dims`
  int64_t rows = 1;             ///< extent of the first axis that belongs to one sample
  std::vector<int64_t> dims;    ///< the axes after the first
  bool label = false;

  int64_t elementsPerSample() const;
  size_t bytesPerSample() const { return size_t(elementsPerSample()) * sizeOf(type); }
  std::string describe() const; ///< "float32 [N,1,8,8]"
};

/// An integer array may hold [low, high), and `ignored` besides where there is such a value.
struct ArrayRange {
  std::string array;
  int64_t low = 0, high = 0;
  bool hasIgnored = false;
  int64_t ignored = 0;
};

/// Arrays in memory, in the program's types, one entry per spec.
class DataSet {
public:
  /// Reads `.npz`, `.csv` or `.csv.gz`. Throws an Error that names file and array, expected and found types and shapes.
  static DataSet load(const std::string &path, const std::vector<ArraySpec> &specs);

  /// How many samples `path` holds, by its array `label`; cheaper than loading and without knowing the program.
  static uint64_t count(const std::string &path, const std::string &label);

  uint64_t size() const { return samples; }
  const std::vector<ArraySpec> &specs() const { return arrays; }

  size_t indexOf(const std::string &name) const; ///< of an array that was asked for
  size_t bytes(size_t index, size_t count) const;  ///< of `count` samples of that array

  /// Copies `count` samples of array `index` one after the other; an array without samples is copied as it is.
  void gather(size_t index, const uint64_t *which, size_t count, void *target) const;

  /// Throws if an element lies outside, with the sample's number and the value.
  void checkRange(const ArrayRange &range) const;

  /// The same for the same content, on any machine.
  uint32_t checksum() const;

private:
  void loadNpz();
  void loadCsv();

  std::string path;
  std::vector<ArraySpec> arrays;
  std::vector<std::vector<std::byte>> contents;
  uint64_t samples = 0;
};

} // namespace glyptic
