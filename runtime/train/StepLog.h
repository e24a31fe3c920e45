//===- StepLog.h - The log of a run as JSON lines ---------------*- C++ -*-===//
#pragma once

#include "glyptic/train.h"

#include <cstdio>
#include <memory>
#include <string>

namespace glyptic::runtime {

class StepLog {
public:
  /// Begins a new log, or goes on after the first `keep` bytes of the one that is there.
  StepLog(const std::string &path, uint64_t keep);

  void write(const glyptic_train_progress &progress);
  void write(const glyptic_evaluation &evaluation);

  /// Hands everything to the system and returns the log's size.
  uint64_t flush();

private:
  void writeLine(const std::string &text);

  struct Close {
    void operator()(std::FILE *file) const { std::fclose(file); }
  };
  std::string path;
  std::unique_ptr<std::FILE, Close> file;
};

} // namespace glyptic::runtime
