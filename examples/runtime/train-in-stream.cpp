// Trains inside a program that uses CUDA itself: batches lie in the GPU's memory, all work goes to the program's stream.
#include "glyptic/runtime.hpp"

/// `stream` is a CUstream, or the same as cudaStream_t. `points` [samples, 2] float and `classes` [samples] int64 are
/// addresses of its GPU, which work that is in the stream before writes. Returns the last loss.
double trainInStream(const glyptic::Program &program, void *stream, const float *points, const int64_t *classes,
                     int64_t samples, int steps) {
  glyptic_session_options options{};
  options.cuda_stream = stream;
  glyptic::Session session(program, options);
  for (int step = 0; step < steps; ++step) {
    session.setDeviceInput("step", "x", points, size_t(samples) * 2);
    session.setDeviceInput("step", "label", classes, size_t(samples));
    session.start("step", samples); // queued, like a kernel
  }
  return session.scalar("loss"); // waits for the last step
}
