// Trains on one batch, over and over: load, bind, step, metrics, save. Usage: train-step step.glyph trained.onnx
#include "glyptic/runtime.hpp"

#include <cstdio>

int main(int argc, char **argv) {
  if (argc != 3)
    return 2;
  std::vector<float> points = {0, 0, 0, 1, 1, 0, 1, 1}; // four samples of two features
  std::vector<int64_t> classes = {0, 1, 1, 0};          // exclusive or
  try {
    glyptic::Program program(argv[1]);
    glyptic::Session session(program);
    session.setInput("step", "x", points.data(), points.size());
    session.setInput("step", "label", classes.data(), classes.size());
    for (int step = 0; step < 300; ++step) {
      session.run("step", 4);
      if (step % 100 == 0 || step == 299)
        std::printf("step %d: loss %.4f\n", step, session.scalar("loss"));
    }
    session.exportModel(argv[2]);
  } catch (const glyptic::Error &error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
