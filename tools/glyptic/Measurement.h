//===- Measurement.h - Times of a program's runs ----------------*- C++ -*-===//
#pragma once

#include "support/Npz.h"
#include "tools/glyptic/Model.h"

namespace glyptic::tool {

/// Inputs for one entry: batches cut from the arrays of a file, in turn, or random numbers where there is no file.
class Feed {
public:
  /// `data` is an .npz file with arrays named as the inputs, the first axis counting samples; empty: random numbers.
  Feed(const ProgramHandle &program, const std::string &entry, const std::string &data, int64_t samples);

  /// Copies the next batch in.
  void next(glyptic_session *session);

private:
  struct Source {
    std::string name;
    std::vector<std::byte> bytes;
    size_t batchBytes;
  };

  std::string entry;
  std::vector<Source> sources;
  size_t position = 0;
};

/// Sorted ascending.
struct Quantiles {
  std::vector<double> sorted;

  explicit Quantiles(std::vector<double> values);
  double at(double fraction) const;
  double median() const { return at(0.5); }
};

/// Medians over profiled runs, in seconds.
struct Profile {
  std::vector<glyptic_instruction_time> instructions;
  std::vector<double> alone; ///< what a library call takes by itself; 0 for other instructions
  double library = 0, kernels = 0, waiting = 0; ///< of a whole run
  double libraryAlone = 0;
};

class Measurement {
public:
  Measurement(const ProgramHandle &program, const std::string &entry, Feed feed, int64_t samples, int threads,
              const std::string &device, bool debugSync);

  /// Runs as a training loop does: a batch is copied in, the entry runs, its first scalar output is read.
  std::vector<double> timeRuns(int64_t runs);
  /// Seconds that this processor took to queue one of those runs, the median; 0 where it computes itself.
  double queued() const;
  Profile profile(int64_t runs);
  double firstScalar() const { return scalar; }

private:
  void run(glyptic_instruction_time *times);
  void startAndWait();

  const ProgramHandle &program;
  std::string entry, scalarName; ///< the name is empty where no output is a scalar
  Feed feed;
  int64_t samples;
  std::string device;
  SessionHandle session;
  std::vector<double> queueing;
  double scalar = 0;
};

} // namespace glyptic::tool
