//===- main.cpp - The command line tool -----------------------------------===//
#include "tools/glyptic/Tool.h"

#include <cstdlib>
#include <unistd.h>

/// libgomp's threads wait for one another by spinning, by default for milliseconds: where other processes use the cores
/// too, the one that is waited for does not get one. A step of a small convolutional network took 450 to 730 ms beside
/// other work, and 92 to 120 ms spinning this long. It reads its settings before main(), so the tool starts once more;
/// that takes 2 ms. Programs that embed the runtime decide for themselves (docs/benchmarks.md).
static void limitSpinning(char **argv) {
  if (std::getenv("GOMP_SPINCOUNT") || std::getenv("OMP_WAIT_POLICY"))
    return;
  setenv("GOMP_SPINCOUNT", "2000", /*overwrite=*/0);
  execv("/proc/self/exe", argv); // returns where it cannot: everything works as it is, too
}

int main(int argc, char **argv) {
  limitSpinning(argv);
  return glyptic::tool::run(argc, argv);
}
