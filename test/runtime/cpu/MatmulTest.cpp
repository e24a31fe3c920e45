//===- MatmulTest.cpp - Contractions against plain loops ------------------===//
#include "Contractions.h"

#include <dnnl.h>
#include <malloc.h>

using namespace glyptic;

namespace {

TEST(Matmul, AgreesWithPlainLoops) {
  for (const Contraction &c : kContractions) {
    RoutineProgram routine("matmul", {c.lhs, c.rhs, resultShape(c)}, parametersOf(c), 40);
    Session session(*routine.program);
    // Tiny products are not the library's.
    for (int64_t batch : {5, 1, 40, 3, 5}) {
      Array lhs = Array::random(shapeAt(c.lhs, batch), 1), rhs = Array::random(shapeAt(c.rhs, batch), 2);
      Array found = routine.run(session, batch, {lhs, rhs});
      expectClose(found, contract(c, batch, lhs, rhs), std::string(c.name) + ", batch " + std::to_string(batch));
    }
  }
}

TEST(Matmul, SameThreadsSameBits) {
  const Contraction &c = kContractions[std::size(kContractions) - 1];
  RoutineProgram routine("matmul", {c.lhs, c.rhs, resultShape(c)}, parametersOf(c), 5);
  Array lhs = Array::random(shapeAt(c.lhs, 5), 1), rhs = Array::random(shapeAt(c.rhs, 5), 2);
  Session first(*routine.program, 2), second(*routine.program, 2);
  Array expected = routine.run(first, 5, {lhs, rhs});
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(routine.run(second, 5, {lhs, rhs}).values, expected.values);
}

TEST(Matmul, BadCallsAreRefusedOnLoading) {
  auto complaint = [](TestShape lhs, TestShape rhs, TestShape result, Parameters parameters) {
    return errorOf([&] { RoutineProgram("matmul", {lhs, rhs, result}, parameters, 5); });
  };
  Parameters good = {{"lhs_batch", {}}, {"rhs_batch", {}}, {"lhs_contracting", {1}}, {"rhs_contracting", {0}}};
  EXPECT_EQ(complaint({2, 3}, {3, 4}, {2, 4}, good), "");
  EXPECT_NE(complaint({2, 3}, {4, 4}, {2, 4}, good).find("shapes do not fit"), std::string::npos);
  EXPECT_NE(complaint({2, 3}, {3, 4}, {4, 2}, good).find("shapes do not fit"), std::string::npos);
  EXPECT_NE(complaint({samples(3), 3}, {3, 4}, {3, 4}, good).find("shapes do not fit"), std::string::npos);
  Parameters far = good;
  far["rhs_contracting"] = {2};
  EXPECT_NE(complaint({2, 3}, {3, 4}, {2, 4}, far).find("dimensions do not fit operand 1"), std::string::npos);
  Parameters missing = good;
  missing.erase("rhs_batch");
  EXPECT_NE(complaint({2, 3}, {3, 4}, {2, 4}, missing).find("parameter 'rhs_batch' is missing"), std::string::npos);
  EXPECT_NE(errorOf([&] {
              RoutineProgram("no_such", {{2}, {2}}, {}, 5);
            }).find("'no_such': this runtime does not have it"),
            std::string::npos);
}

/// Whoever runs every batch size there is must not fill memory with what libraries keep for each.
TEST(Matmul, IsSetUpForTheLastSizesOnly) {
  dnnl_set_primitive_cache_capacity(0); // the library's own cache, which all sessions share
  RoutineProgram routine("matmul", {{samples(), 64}, {64, 64}, {samples(), 64}},
                         {{"lhs_batch", {}}, {"rhs_batch", {}}, {"lhs_contracting", {1}}, {"rhs_contracting", {0}}}, 320);
  Session session(*routine.program, 1);
  auto getHeapAfter = [&](int64_t from, int64_t to) {
    for (int64_t batch = from; batch < to; ++batch)
      routine.run(session, batch, {Array({batch, 64}), Array({64, 64})});
    return static_cast<int64_t>(mallinfo2().uordblks);
  };
  int64_t none = getHeapAfter(0, 0), few = getHeapAfter(300, 320), many = getHeapAfter(1, 300);
  EXPECT_GT(few - none, 2048) << "what this test looks at";
  EXPECT_LT(many - few, few - none);
}

} // namespace
