//===- Terminal.h - Text for people on a terminal or in a pipe --*- C++ -*-===//
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace glyptic::tool {

/// Whether standard output is a terminal that understands control sequences.
bool isTerminal();

/// Columns of that terminal; 80 where unknown.
int terminalWidth();

/// The width of a page, where lines read well: that of the terminal, but at least 80 and at most 100 columns.
int pageWidth();

/// Dims `text` on a terminal, leaves it alone in a pipe or under NO_COLOR.
std::string dim(const std::string &text);
std::string bold(const std::string &text);

/// Names come from files; what would move a cursor is shown as \xNN. Line breaks stay.
std::string escapeControls(const std::string &text);
/// The same for every string of a value, before it is shown with colours.
nlohmann::ordered_json escapeStrings(const nlohmann::ordered_json &json);

/// "1.2 MB", "830 kB" (powers of ten), "1.2 G", "12 s", "3 min 20 s".
std::string bytesText(uint64_t bytes);
std::string countText(double count);
std::string durationText(double seconds);

/// Columns aligned by the widest cell, numbers to the right; the first row is the heading.
std::string table(const std::vector<std::vector<std::string>> &rows);

/// The same, at most `width` columns wide: the widest columns lose what is in the middle of their cells.
std::string fittedTable(std::vector<std::vector<std::string>> rows, size_t width);

/// Broken at spaces to lines of at most `width` columns; all but the first begin with `indent`.
std::string wrapped(const std::string &text, size_t width, const std::string &indent);

/// Each on lines of its own, as a page shows it: "note: ...".
std::string notes(const std::vector<std::string> &remarks);

/// The same without a heading: a name and what there is to say of it.
std::string facts(const std::vector<std::vector<std::string>> &rows);

} // namespace glyptic::tool
