//===- Terminal.cpp -------------------------------------------------------===//
#include "tools/glyptic/Terminal.h"
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sys/ioctl.h>
#include <unistd.h>

namespace glyptic::tool {
namespace {

std::string format(const char *pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

std::string scaled(double value, const char *unit, const char *const (&prefixes)[5]) {
  size_t step = 0;
  for (; value >= 999.5 && step < 4; ++step)
    value /= 1000;
  const char *pattern = step == 0 || value >= 99.95 ? "%.0f" : value >= 9.995 ? "%.1f" : "%.2f";
  std::string suffix = std::string(prefixes[step]) + unit;
  return format(pattern, value) + (suffix.empty() ? "" : " " + suffix);
}

std::string styled(const char *code, const std::string &text) {
  bool plain = !isTerminal() || std::getenv("NO_COLOR");
  return plain ? text : std::string("\033[") + code + "m" + text + "\033[0m";
}

/// Bytes that do not begin a character count no width: enough for names in UTF-8.
size_t width(const std::string &text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

/// At most `limit` characters, the beginning and the end of `text`; at least three remain.
std::string shortened(const std::string &text, size_t limit) {
  if (width(text) <= limit || limit < 3)
    return text;
  auto isInside = [&](size_t at) { return at < text.size() && (text[at] & 0xC0) == 0x80; };
  size_t head = 0, tail = text.size();
  for (size_t shown = 1; shown < limit; ++shown) { // one is the ellipsis
    if (shown % 2)
      do
        --tail;
      while (isInside(tail));
    else
      do
        ++head;
      while (isInside(head));
  }
  return text.substr(0, head) + "\u2026" + text.substr(tail);
}

bool isNumber(const std::string &text) {
  return !text.empty() && (std::isdigit((unsigned char)text[0]) || text[0] == '-');
}

} // namespace

bool isTerminal() {
  static const bool answer = [] {
    const char *term = std::getenv("TERM");
    return isatty(STDOUT_FILENO) && !(term && std::strcmp(term, "dumb") == 0);
  }();
  return answer;
}

int terminalWidth() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

int pageWidth() { return isTerminal() ? std::clamp(terminalWidth(), 80, 100) : 100; }

std::string dim(const std::string &text) { return styled("2", text); }
std::string bold(const std::string &text) { return styled("1", text); }

std::string escapeControls(const std::string &text) {
  std::string safe;
  for (unsigned char c : text) {
    if ((c >= 0x20 && c != 0x7F) || c == '\n') {
      safe += char(c);
    } else {
      char escaped[5];
      std::snprintf(escaped, sizeof escaped, "\\x%02X", c);
      safe += escaped;
    }
  }
  return safe;
}

nlohmann::ordered_json escapeStrings(const nlohmann::ordered_json &json) {
  if (json.is_string())
    return escapeControls(json.get<std::string>());
  nlohmann::ordered_json safe = json;
  if (json.is_structured())
    for (auto &[key, value] : safe.items())
      value = escapeStrings(value);
  return safe;
}

std::string bytesText(uint64_t bytes) { return scaled(double(bytes), "B", {"", "k", "M", "G", "T"}); }
std::string countText(double count) { return scaled(count, "", {"", "k", "M", "G", "T"}); }

std::string durationText(double seconds) {
  if (seconds < 1)
    return seconds < 1e-3 ? format("%.1f us", seconds * 1e6) : format("%.1f ms", seconds * 1e3);
  if (seconds < 10)
    return format("%.1f s", seconds);
  auto whole = int64_t(seconds + 0.5);
  if (whole < 100)
    return std::to_string(whole) + " s";
  if (whole < 6000)
    return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole % 3600 / 60) + " min";
}

std::string table(const std::vector<std::vector<std::string>> &rows) {
  std::string text = facts(rows);
  size_t heading = text.find('\n');
  return heading == std::string::npos ? text : dim(text.substr(0, heading)) + text.substr(heading);
}

std::string fittedTable(std::vector<std::vector<std::string>> rows, size_t limit) {
  std::vector<size_t> widths;
  for (const auto &row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width(row[i]));
  }
  size_t total = 2 * widths.size();
  for (size_t cell : widths)
    total += cell;
  for (; total > limit; --total)
    --*std::max_element(widths.begin(), widths.end());
  for (auto &row : rows)
    for (size_t i = 0; i < row.size(); ++i)
      row[i] = shortened(row[i], widths[i]);
  return table(rows);
}

std::string wrapped(const std::string &text, size_t limit, const std::string &indent) {
  size_t column = std::min(text.find_first_not_of(' '), text.size());
  std::string result(column, ' ');
  for (size_t begin = column; begin < text.size();) {
    size_t end = std::min(text.find(' ', begin), text.size());
    std::string word = text.substr(begin, end - begin);
    if (column > indent.size() && column + 1 + width(word) > limit) {
      result += "\n" + indent;
      column = indent.size();
    } else if (begin > 0 && result.find_last_not_of(' ') != std::string::npos) {
      result += " ";
      ++column;
    }
    result += word;
    column += width(word);
    begin = end + 1;
  }
  return result;
}

std::string notes(const std::vector<std::string> &remarks) {
  std::string text;
  for (const std::string &remark : remarks)
    text += wrapped("note: " + escapeControls(remark), pageWidth(), "  ") + "\n";
  return text.empty() ? text : text + "\n";
}

std::string facts(const std::vector<std::vector<std::string>> &rows) {
  std::vector<size_t> widths;
  for (const auto &row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string text;
  for (const auto &row : rows) {
    std::string line = " ";
    for (size_t i = 0; i < row.size(); ++i) {
      std::string space(widths[i] - width(row[i]), ' ');
      line += " " + (isNumber(row[i]) && row.size() > 2 ? space + row[i] : row[i] + space) + " ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

} // namespace glyptic::tool
