//===- Csv.cpp ------------------------------------------------------------===//
#include "support/Csv.h"
#include "support/Error.h"
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <zlib.h>

namespace glyptic {

void CsvReader::Close::operator()(void *file) const { gzclose(static_cast<gzFile>(file)); }

CsvReader::CsvReader(const std::string &path) : path(path) {
  errno = 0;
  file.reset(gzopen(path.c_str(), "rb"));
  if (!file)
    throw Error(path + ": cannot be opened: " + (errno ? std::strerror(errno) : "out of memory"));
  if (!readLine() || line.empty())
    throw Error(path + ": is empty; its first line must name the columns");
  splitLine();
  names.assign(current.begin(), current.end());
  for (auto name = names.begin(); name != names.end(); ++name)
    if (auto first = std::find(names.begin(), name, *name); first != name)
      fail("columns " + std::to_string(first - names.begin() + 1) + " and " + std::to_string(name - names.begin() + 1) +
           " are both named " + quoteName(*name));
}

bool CsvReader::readLine() {
  line.clear();
  ++lineNumber;
  while (true) {
    if (size_t end = buffer.find('\n', position); end != std::string::npos) {
      line.append(buffer, position, end - position);
      position = end + 1;
      break;
    }
    line.append(buffer, position);
    buffer.resize(1 << 16);
    position = 0;
    int got = gzread(static_cast<gzFile>(file.get()), buffer.data(), unsigned(buffer.size()));
    int code = Z_OK;
    const char *message = gzerror(static_cast<gzFile>(file.get()), &code);
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END))
      throw Error(path + ": cannot be read after line " + std::to_string(lineNumber - 1) + ": " +
                  (code == Z_ERRNO ? std::strerror(errno) : message));
    buffer.resize(size_t(got));
    if (got == 0) {
      if (line.empty())
        return false;
      break;
    }
  }
  if (!line.empty() && line.back() == '\r')
    line.pop_back();
  return true;
}

void CsvReader::splitLine() {
  current.clear();
  std::string_view rest = line;
  while (true) {
    size_t end;
    if (!rest.empty() && rest.front() == '"') {
      size_t close = rest.find('"', 1);
      if (close == std::string_view::npos || (close + 1 < rest.size() && rest[close + 1] != ','))
        fail("column " + std::to_string(current.size() + 1) + ": a quoted field must end in a quote and a comma");
      current.push_back(rest.substr(1, close - 1));
      end = close + 1;
    } else {
      end = rest.find(',');
      current.push_back(rest.substr(0, end));
    }
    if (end >= rest.size())
      return;
    rest.remove_prefix(end + 1);
  }
}

bool CsvReader::next() {
  do {
    if (!readLine())
      return false;
  } while (line.empty());
  splitLine();
  if (current.size() != names.size())
    fail("has " + std::to_string(current.size()) + " fields, the header names " + std::to_string(names.size()) +
         " columns");
  return true;
}

void CsvReader::fail(const std::string &what) const {
  throw Error(path + ": line " + std::to_string(lineNumber) + ": " + what);
}

template <typename T> T CsvReader::number(size_t column) const {
  std::string_view text = current[column];
  while (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ')
    text.remove_suffix(1);
  auto refuse = [&](const char *what) {
    fail("column " + std::to_string(column + 1) + " (" + names[column] + "): '" + std::string(current[column]) + "' " +
         what);
  };
  if (text.size() > 1 && text.front() == '+' && text[1] != '-')
    text.remove_prefix(1);
  const char *begin = text.data(), *end = begin + text.size();
  T value{};
  auto [stop, error] = std::from_chars(begin, end, value);
  if (error == std::errc() && stop == end) {
    if constexpr (std::is_floating_point_v<T>)
      if (!std::isfinite(value))
        refuse("is not finite");
    return value;
  }
  double real = 0;
  auto parsed = std::from_chars(begin, end, real);
  if (parsed.ptr != end || parsed.ec == std::errc::invalid_argument)
    refuse("is not a number");
  if constexpr (std::is_integral_v<T>) {
    // Tools write whole numbers as 3.0, too; beyond 2^53 a double no longer says which.
    if (parsed.ec == std::errc() && real == std::floor(real) && std::fabs(real) <= 9007199254740992.0 &&
        real >= double(std::numeric_limits<T>::min()) && real <= double(std::numeric_limits<T>::max()))
      return T(real);
    refuse("is not an integer");
  } else if (parsed.ec == std::errc() && std::fabs(real) < 1) {
    return T(real); // rounds to zero or to a subnormal number, which from_chars calls out of range
  }
  refuse("is out of range");
  return value;
}

template float CsvReader::number<float>(size_t) const;
template double CsvReader::number<double>(size_t) const;
template int32_t CsvReader::number<int32_t>(size_t) const;
template int64_t CsvReader::number<int64_t>(size_t) const;

} // namespace glyptic
