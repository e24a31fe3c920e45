//===- Csv.h - Tables of numbers as text ------------------------*- C++ -*-===//
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace glyptic {

/// Reads a `.csv` or `.csv.gz` line by line: comma-separated, one header line, fields may stand in double quotes.
class CsvReader {
public:
  explicit CsvReader(const std::string &path);

  const std::vector<std::string> &columns() const { return names; }

  /// Advances to the next line that is not empty; false at the end. Lines of another width than the header's throw.
  bool next();

  /// The fields of the current line, valid until the next call of next().
  const std::vector<std::string_view> &fields() const { return current; }

  /// The current field as a number. Throws with line and column if it is not one, not finite, or not of type T.
  template <typename T> T number(size_t column) const;

private:
  bool readLine();
  void splitLine();
  [[noreturn]] void fail(const std::string &what) const;

  struct Close {
    void operator()(void *file) const;
  };
  std::string path;
  std::unique_ptr<void, Close> file; ///< zlib's gzFile, which reads plain files, too
  std::string buffer, line;
  size_t position = 0, lineNumber = 0;
  std::vector<std::string> names;
  std::vector<std::string_view> current;
};

extern template float CsvReader::number<float>(size_t) const;
extern template double CsvReader::number<double>(size_t) const;
extern template int32_t CsvReader::number<int32_t>(size_t) const;
extern template int64_t CsvReader::number<int64_t>(size_t) const;

} // namespace glyptic
