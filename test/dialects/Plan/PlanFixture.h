//===- PlanFixture.h - A plan from text, for tests that read one -*- C++ -*-===//
#pragma once

#include "compiler/Pipeline/Registration.h"
#include "dialects/Plan/PlanDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include <gtest/gtest.h>

namespace glyptic::test {

class PlanFixture : public testing::Test {
protected:
  explicit PlanFixture(llvm::StringRef text) {
    mlir::DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  }

  void SetUp() override { ASSERT_TRUE(module); }

  plan::ProgramOp getPlan() { return *module->getOps<plan::ProgramOp>().begin(); }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace glyptic::test
