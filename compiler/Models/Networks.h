//===- Networks.h - The architectures, one object each ----------*- C++ -*-===//
#pragma once

#include "compiler/Models/Models.h"

namespace glyptic {

extern const Architecture kLinear, kMlp, kLenet, kGpt;

} // namespace glyptic
