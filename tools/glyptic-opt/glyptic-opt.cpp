//===- glyptic-opt.cpp - Runs passes on MLIR text ---------------*- C++ -*-===//
#include "compiler/Pipeline/Registration.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  glyptic::registerDialects(registry);
  glyptic::registerPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Glyptic's passes\n", registry));
}
