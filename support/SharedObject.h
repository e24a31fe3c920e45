//===- SharedObject.h - C++ compiled on this machine ------------*- C++ -*-===//
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace glyptic {

/// The bytes of a shared object made of one C++17 source by $GLYPTIC_CXX or else the first of clang++-22, clang++, g++
/// and c++ on the PATH. Throws an Error that names them where there is none, and one with what the compiler said.
std::vector<char> compileSharedObject(std::string_view source);

} // namespace glyptic
