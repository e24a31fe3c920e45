//===- Terminal.h - Text for people on a terminal or in a pipe --*- C++ -*-===//
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace glyptic::tool {

/// Whether standard output is a terminal that understands control sequences.
bool isTerminal();

/// Columns of that terminal; 80 where unknown.
int terminalWidth();

/// Dims `text` on a terminal, leaves it alone in a pipe or under NO_COLOR.
std::string dim(const std::string &text);
std::string bold(const std::string &text);

/// Names come from files; what would move a cursor is shown as \xNN. Line breaks stay.
std::string escapeControls(const std::string &text);

/// "1.2 MB", "830 kB" (powers of ten), "1.2 G", "12 s", "3 min 20 s".
std::string bytesText(uint64_t bytes);
std::string countText(double count);
std::string durationText(double seconds);

/// Columns aligned by the widest cell, numbers to the right; the first row is the heading.
std::string table(const std::vector<std::vector<std::string>> &rows);

/// The same without a heading: a name and what there is to say of it.
std::string facts(const std::vector<std::vector<std::string>> &rows);

} // namespace glyptic::tool
