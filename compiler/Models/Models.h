//===- Models.h - Well-known architectures with fresh weights ---*- C++ -*-===//
//
// What `glyptic new` writes. Each architecture is one entry of a table with its size flags, so that the driver lists
// and parses them without knowing any.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <map>
#include <string>

namespace glyptic {

class ModelBuilder;

/// A size that the user may choose.
struct SizeFlag {
  llvm::StringLiteral name; ///< `--name N`
  int64_t initial;
  llvm::StringLiteral help;
};

/// Sizes by flag; those that are missing have their initial value.
using Sizes = std::map<std::string, int64_t>;

struct Architecture {
  llvm::StringLiteral name, summary;
  llvm::ArrayRef<SizeFlag> flags;
  /// Sizes are complete and positive; an error says which do not fit together.
  llvm::Error (*build)(ModelBuilder &builder, const Sizes &sizes);
};

/// Every architecture, in the order in which they are listed.
llvm::ArrayRef<Architecture> getArchitectures();

/// Writes a model of the architecture `name` with weights drawn from `seed`: the same seed and sizes give the same
/// bytes on any machine. Unknown names and flags and sizes that do not fit are errors that name the choices.
llvm::Error writeNewModel(llvm::StringRef name, const Sizes &sizes, uint64_t seed, const std::string &path);

} // namespace glyptic
