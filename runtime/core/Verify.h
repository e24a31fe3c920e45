//===- Verify.h - Everything about a program that can be checked -*- C++ -*-===//
#pragma once

#include "support/DataType.h"

namespace glyptic::runtime {

/// Reads the program table of `bytes` and checks all that executing it relies on: the buffer's structure, enums, every
/// buffer inside its arena for the largest batch, every tensor inside its buffer, names, permutations, ranges, library
/// calls. Throws an Error that says what is wrong. Symbols, stored state and export holes are checked by who reads
/// them.
const glyph::Program &verifyProgram(std::string_view bytes);

} // namespace glyptic::runtime
