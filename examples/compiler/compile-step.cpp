// Compiles a classifier's training step. Usage: compile-step model.onnx step.glyph
#include "glyptic/compiler/Compiler.h"

#include <cstdio>
#include <memory>

int main(int argc, char **argv) {
  if (argc != 3)
    return 2;
  std::unique_ptr<glyptic::Compiler> compiler(glypticCreateCompiler(glyptic::kCompilerInterface));
  if (!compiler)
    return 70;
  glyptic::CompileOptions options;
  options.maxBatch = 4;
  options.training.emplace();
  options.training->batch = 4;
  options.training->loss = "cross-entropy";
  options.training->optimizer = "adam";
  options.training->learningRate = 0.05;

  glyptic::CompileReport report;
  if (glyptic::Outcome outcome = compiler->compile(argv[1], options, argv[2], &report); !outcome) {
    std::fprintf(stderr, "error: %s\n", outcome.message.c_str());
    return 1;
  }
  std::fputs(report.bill.c_str(), stdout);
}
