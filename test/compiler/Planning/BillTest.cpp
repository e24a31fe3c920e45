//===- BillTest.cpp - What the bill says, counted by hand -----------------===//
#include "compiler/Planning/Bill.h"
#include "compiler/Planning/Units.h"
#include "test/dialects/Plan/PlanFixture.h"
#include <nlohmann/json.hpp>
#include <sstream>

using namespace mlir;
using namespace glyptic;
using namespace glyptic::planning;

namespace {

constexpr char kPlan[] = R"mlir(
plan.program "cpu:avx,avx2,avx512bw,avx512dq,avx512f,avx512vl,bmi,bmi2,f16c,fma,lzcnt,movbe,popcnt,sse3,ssse3" threads 2 max_batch 10 arenas [192, 64, 1984, 0] {
  %w = plan.buffer state[0] <40>
  plan.state "w" role "parameter" %w : tensor<10xf32> stored
  %b = plan.buffer state[64] <8>
  plan.state "b" role "buffer" %b : tensor<2xf32> stored
  %m = plan.buffer state[128] <40>
  plan.state "optimizer.m.w" role "slot" %m : tensor<10xf32>
  %g = plan.buffer accumulator[0] <40>
  plan.accumulator "gradient.w" role "accumulator" %g : tensor<10xf32>
  plan.entry @infer {
    %x = plan.buffer work[0] <0 + 64 * batch>
    plan.input "x" role "input" %x : tensor<?x16xf32>
    %y = plan.buffer work[1280] <0 + 64 * batch>
    plan.output "y" role "output" %y : tensor<?x16xf32>
    %t = plan.buffer work[640] <0 + 64 * batch>
    plan.launch @a(%x, %w, %t) writes [2] chunks <1> grain 1 flops <0 + 1000 * batch> bytes <40 + 128 * batch>
    plan.launch @b(%t, %y) writes [1] chunks <1> grain 1 flops <5> bytes <0 + 128 * batch>
    %u = plan.buffer work[640] <0 + 32 * batch>
    plan.launch @c(%y, %u) writes [1] chunks <1> grain 1 flops <5> bytes <0 + 96 * batch>
    plan.launch @d(%u, %y) writes [1] chunks <1> grain 1 flops <5> bytes <0 + 96 * batch>
  }
}
)mlir";

struct BillTest : test::PlanFixture {
  BillTest() : PlanFixture(kPlan) {}
};

TEST_F(BillTest, CountsByHand) {
  Bill bill = makeBill(getPlan());
  EXPECT_EQ(bill.parameters, 40);
  EXPECT_EQ(bill.buffers, 8);
  EXPECT_EQ(bill.slots, 40);
  EXPECT_EQ(bill.accumulators, 40);
  EXPECT_EQ(bill.inputs, 640);
  EXPECT_EQ(bill.work, 1984);
  EXPECT_EQ(bill.total, 192 + 64 + 1984);
  ASSERT_EQ(bill.entries.size(), 1u);
  const EntryBill &infer = bill.entries[0];
  EXPECT_EQ(infer.kernels, 4);
  EXPECT_EQ(infer.flops, 10 * 1000 + 15);
  EXPECT_EQ(infer.bytes, 40 + 10 * (128 + 128 + 96 + 96));
  EXPECT_EQ(infer.work, 1920);
  // x is kept throughout; t and y live together.
  EXPECT_EQ(infer.lowerBound, 3 * 640);
  EXPECT_FALSE(infer.cost);
}

TEST_F(BillTest, NodesAreBilledTogetherAndHeaviestFirst) {
  std::vector<std::string> labels = {"relu", "conv", "relu", "pool"};
  size_t next = 0;
  getPlan().walk([&](plan::LaunchOp launch) { launch.setLabel(labels[next++]); });
  std::vector<NodeBill> nodes = makeBill(getPlan()).entries[0].heaviest;
  ASSERT_EQ(nodes.size(), 3u);
  EXPECT_EQ(nodes[0].nodes, "relu");
  EXPECT_EQ(nodes[0].bytes, 40 + 10 * (128 + 96));
  EXPECT_EQ(nodes[0].flops, 10000 + 5);
  EXPECT_EQ(nodes[1].nodes, "conv");
  EXPECT_EQ(nodes[2].nodes, "pool");
  std::string text = toText(makeBill(getPlan()));
  EXPECT_NE(text.find("Heaviest nodes of infer"), std::string::npos) << text;
}

TEST_F(BillTest, PredictionIsTheRoofline) {
  Machine machine;
  machine.flopsPerSecond[0] = 1e3;
  machine.cacheBandwidth = 1e2;
  machine.memoryBandwidth = 1e1;
  machine.cacheBytes = 1 << 20;
  machine.threads = 2;
  const double overhead = 4 * (0.1e-6 + 2e-6); // to start a kernel, and its threads
  // Bound by traffic: 1320 bytes at 100/s, where 10000 operations at 1000/s need but 10 s; and so on.
  EXPECT_NEAR(makeBill(getPlan(), machine).entries[0].cost->seconds(), 13.2 + 12.8 + 9.6 + 9.6 + overhead, 1e-9);
  machine.flopsPerSecond[0] = 500; // the first needs 20 s for its arithmetic
  EXPECT_NEAR(makeBill(getPlan(), machine).entries[0].cost->seconds(), 20 + 12.8 + 9.6 + 9.6 + overhead, 1e-9);
  machine.cacheBytes = 16; // out of cache: ten times as slow
  EXPECT_NEAR(makeBill(getPlan(), machine).entries[0].cost->seconds(), 132.0 + 128 + 96 + 96 + overhead, 1e-9);
}

constexpr char kCalls[] = R"mlir(
plan.program "cuda:sm_90" threads 1 max_batch 3 arenas [0, 0, 512, 0] {
  plan.entry @infer {
    %a = plan.buffer work[0] <64>
    plan.input "a" role "input" %a : tensor<4x4xf32>
    %h = plan.buffer work[64] <32>
    plan.input "h" role "input" %h : tensor<4x4xf16>
    %d = plan.buffer work[128] <128>
    plan.input "d" role "input" %d : tensor<4x4xf64>
    %y = plan.buffer work[256] <64>
    plan.output "y" role "output" %y : tensor<4x4xf32>
    %z = plan.buffer work[320] <128>
    plan.output "z" role "output" %z : tensor<4x4xf64>
    plan.library_call "matmul"(%a, %a) -> (%y) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
      parameters {} flops <0 + 100 * batch> bytes <10>
    plan.library_call "matmul"(%h, %h) -> (%y) : (tensor<4x4xf16>, tensor<4x4xf16>) -> tensor<4x4xf32>
      parameters {} flops <300> bytes <10>
    plan.library_call "matmul"(%d, %d) -> (%z) : (tensor<4x4xf64>, tensor<4x4xf64>) -> tensor<4x4xf64>
      parameters {} flops <300> bytes <10>
    plan.launch @k(%h, %y) writes [1] chunks <1> grain 1 flops <3> bytes <0 + 1000 * batch>
  }
}
)mlir";

struct CallsTest : test::PlanFixture {
  CallsTest() : PlanFixture(kCalls) {}
};

TEST_F(CallsTest, WhatIsComputedInSetsTheRate) {
  Machine machine;
  machine.flopsPerSecond = {100, 1000, 300, 10}; // FP32, TF32, FP16, FP64
  machine.memoryBandwidth = 100;
  machine.kernelStart = machine.callStart = 0.25;
  const Cost cost = *makeBill(getPlan(), machine).entries[0].cost;
  EXPECT_DOUBLE_EQ(cost.arithmetic, 3 + 1 + 30);
  EXPECT_DOUBLE_EQ(cost.traffic, 30);
  EXPECT_DOUBLE_EQ(cost.start, 1);
  // 300 operations in TF32 still take longer than 10 bytes.
  const Cost withTf32 = *makeBill(getPlan(), machine, /*allowsTf32=*/true).entries[0].cost;
  EXPECT_DOUBLE_EQ(withTf32.arithmetic, 0.3 + 1 + 30);
  auto json = nlohmann::json::parse(toJson(makeBill(getPlan(), machine)));
  EXPECT_DOUBLE_EQ(json["entries"]["infer"]["predicted_seconds"], 65);
}

/// Calls share the memory of their workspaces; it is work memory, but no traffic.
constexpr char kWorkspacePlan[] = R"mlir(
plan.program "cuda:sm_90" threads 1 max_batch 10 arenas [0, 0, 4736, 0] {
  plan.entry @infer {
    %x = plan.buffer work[0] <64>
    plan.input "x" role "input" %x : tensor<4x4xf32>
    %t = plan.buffer work[64] <64>
    %y = plan.buffer work[128] <64>
    plan.output "y" role "output" %y : tensor<4x4xf32>
    %s = plan.buffer work[192] <4096>
    plan.library_call "matmul"(%x, %x) -> (%t) workspace %s : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32> parameters {} flops <128> bytes <192>
    plan.library_call "matmul"(%t, %x) -> (%y) workspace %s : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32> parameters {} flops <128> bytes <192>
  }
}
)mlir";

struct WorkspaceTest : test::PlanFixture {
  WorkspaceTest() : PlanFixture(kWorkspacePlan) {}
};

TEST_F(WorkspaceTest, IsBilledOnce) {
  Bill bill = makeBill(getPlan());
  EXPECT_EQ(bill.workspace, 4096);
  EXPECT_EQ(bill.entries[0].bytes, 2 * 192);
  EXPECT_EQ(bill.entries[0].lowerBound, 4096 + 3 * 64);
  EXPECT_NE(toText(bill).find("of which workspace of libraries"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(toJson(bill))["memory"]["workspace"], 4096);
}

TEST(MachineTest, SmallWorkStaysOnOneThread) {
  Machine machine;
  machine.threads = 4;
  machine.flopsPerSecond[0] = 4e9;
  machine.cacheBandwidth = machine.memoryBandwidth = 4e9;
  machine.cacheBytes = 1 << 20;
  // A microsecond for one of the four threads is less than what it takes to wake the others.
  EXPECT_NEAR(machine.predict(Work::Kernel, Arithmetic::FP32, 1000, 0).seconds(), 1e-6 + 0.1e-6, 1e-12);
  EXPECT_NEAR(machine.predict(Work::LibraryCall, Arithmetic::FP32, 4e6, 0).seconds(), 1e-3 + 2e-6 + 2e-6, 1e-12);
}

TEST_F(BillTest, TextFitsEightyColumns) {
  Machine machine = Machine::measure(2, "");
  EXPECT_GT(machine.flopsPerSecond[0], 1e8);
  EXPECT_GT(machine.memoryBandwidth, 1e8);
  std::istringstream text(toText(makeBill(getPlan(), machine)));
  for (std::string line; std::getline(text, line);)
    EXPECT_LE(line.size(), 80u) << line;
}

TEST_F(BillTest, JsonSaysTheSame) {
  auto json = nlohmann::json::parse(toJson(makeBill(getPlan())));
  EXPECT_EQ(json["memory"]["total"], 2240);
  EXPECT_EQ(json["entries"]["infer"]["kernels"], 4);
  EXPECT_FALSE(json["entries"]["infer"].contains("predicted_seconds"));
}

TEST(Units, ThreeDigits) {
  EXPECT_EQ(formatBytes(0), "0 B");
  EXPECT_EQ(formatBytes(999), "999 B");
  EXPECT_EQ(formatBytes(1000), "1.00 kB");
  EXPECT_EQ(formatBytes(999.9e6), "1.00 GB");
  EXPECT_EQ(formatBytes(12.34e6), "12.3 MB");
  EXPECT_EQ(formatCount(1.5e12), "1.50 T");
  EXPECT_EQ(formatSeconds(4.1e-4), "410 us");
}

} // namespace
