//===- MachineFileTest.cpp - Machines as files describe them --------------===//
#include "support/Machine.h"
#include "test/support/TemporaryFolder.h"
#include <algorithm>
#include <map>

using namespace glyptic;

namespace {

constexpr const char *kFile = R"toml(name = "Abacus"
architecture = "sm_90"
sheet = "its maker's"
memory = [1000, "sheet"]
reserve = [100, "assumed"]
power = [50.0, "sheet"]
launch = [0.5, "assumed"]
bandwidth = { peak = [200, "sheet"], share = [0.5, "measured"] }
fp32 = { peak = [40, "sheet"], share = [0.5, "assumed"] }
tf32 = { peak = [400, "sheet"], share = [0.5, "assumed"] }
fp16 = { peak = [800, "sheet"], share = [0.5, "assumed"] }
fp64 = { peak = [20, "sheet"], share = [0.5, "assumed"] }
link = { bandwidth = [7, "sheet"], latency = [2, "assumed"] }
)toml";

struct MachineFile : ::testing::Test {
  TemporaryFolder folder;
  const std::string path = folder / "abacus.toml";

  Machine read(const std::string &text) {
    writeFile(path, text);
    return findMachine(path);
  }

  /// kFile with one line replaced, which must be refused at that line, or at `line`.
  void refuse(const std::string &old, const std::string &replacement, const std::string &says, int line = 0) {
    std::string text = kFile;
    const size_t at = text.find(old);
    ASSERT_NE(at, std::string::npos) << old;
    if (line == 0)
      line = 1 + int(std::count(text.begin(), text.begin() + long(at), '\n'));
    text.replace(at, old.size(), replacement);
    const std::string message = errorOf([&] { read(text); });
    EXPECT_EQ(message.rfind(path + ":" + std::to_string(line) + ": ", 0), 0u) << replacement << ": " << message;
    EXPECT_NE(message.find(says), std::string::npos) << message;
  }
};

TEST_F(MachineFile, PeaksTimesShares) {
  Machine machine = read(kFile);
  EXPECT_EQ(machine.name, "Abacus");
  EXPECT_EQ(machine.memoryBytes, 1000);
  EXPECT_TRUE(machine.fits(900));
  EXPECT_FALSE(machine.fits(901));
  EXPECT_EQ(machine.memoryBandwidth, 100);
  EXPECT_EQ(machine.flopsPerSecond, (std::array<double, kArithmetics>{20, 200, 400, 10}));
  EXPECT_EQ(machine.watts, 50);
  EXPECT_EQ(machine.linkBandwidth, 7);
  EXPECT_EQ(machine.linkLatency, 2);
}

TEST_F(MachineFile, AnInstructionTakesTheLongerOfArithmeticAndTrafficAndItsStart) {
  Machine machine = read(kFile);
  Cost cost = machine.predict(Work::Kernel, Arithmetic::FP32, 60, 100);
  EXPECT_EQ(cost.arithmetic, 3);
  EXPECT_EQ(cost.traffic, 0);
  EXPECT_EQ(cost.start, 0.5);
  cost = machine.predict(Work::LibraryCall, Arithmetic::TF32, 60, 100);
  EXPECT_EQ(cost.arithmetic, 0);
  EXPECT_EQ(cost.traffic, 1);
  EXPECT_EQ(cost.start, 0.5);
}

TEST_F(MachineFile, BeforeTf32ThereWasFp32) {
  std::string text = kFile;
  const size_t at = text.find("tf32 ");
  text.erase(at, text.find('\n', at) + 1 - at);
  EXPECT_EQ(read(text).flopsPerSecond[size_t(Arithmetic::TF32)], 20);
}

TEST_F(MachineFile, ErrorsNameFileLineAndKey) {
  refuse("memory = [1000, \"sheet\"]", "memory = 1000", "'memory' must be a number and where it is from");
  refuse("[1000, \"sheet\"]", "[1000, \"\"]", "'memory'");
  refuse("[1000, \"sheet\"]", "[\"1000\", \"sheet\"]", "'memory'");
  refuse("[50.0,", "[-50.0,", "'power' must be above 0");
  refuse("[50.0,", "[nan,", "'power' must be above 0");
  refuse("[50.0,", "[inf,", "'power'");
  refuse("share = [0.5, \"measured\"]", "share = [1.5, \"measured\"]",
         "'bandwidth.share' must be above 0, and at most 1");
  refuse("[100, \"assumed\"]", "[1001, \"assumed\"]", "'reserve'");
  refuse("bandwidth = { peak", "bandwidth = { peek", "'bandwidth.peak' is missing");
  refuse("\"Abacus\"", "7", "'name' must be text");
  refuse("\"sm_90\"", "\"cpu\"", "'architecture' must be that of a GPU");
  refuse("sheet = ", "sheets = ", "'sheet' is missing", 1);
  refuse("power = ", "default = 1\npower = ", "'default' must be true or false");
  refuse("power = ", "clock = [1, \"sheet\"]\npower = ", "there is no key 'clock'; keys are name, architecture, sheet");
  refuse("latency = ", "latensy = ", "'link.latency' is missing");
  refuse("[2, \"assumed\"] }", "[2, \"assumed\"], hops = [1, \"sheet\"] }", "'link.hops'");
}

TEST_F(MachineFile, WhatIsNotTomlIsRefusedWithItsLine) {
  refuse("[50.0, \"sheet\"]", "[50.0, \"sheet\"", "", 7);
  refuse("power = [50.0, \"sheet\"]", "memory = [50.0, \"sheet\"]", "memory");
  EXPECT_NE(errorOf([&] { findMachine(folder / "none.toml"); }).find("none.toml"), std::string::npos);
}

TEST(KnownMachines, EachArchitectureHasOneThatStandsForIt) {
  std::map<std::string, int> typical;
  for (const auto &[key, machine] : getKnownMachines()) {
    EXPECT_EQ(machine.origin, "machines/" + key + ".toml");
    const Machine *other = findTypicalMachine(machine.architecture);
    ASSERT_TRUE(other) << machine.architecture;
    typical[machine.architecture] += other->origin == machine.origin;
  }
  for (const auto &[architecture, count] : typical)
    EXPECT_EQ(count, 1) << architecture;
  EXPECT_EQ(findTypicalMachine("sm_1"), nullptr);
}

TEST(KnownMachines, AnUnknownNameListsThem) {
  const std::string message = errorOf([] { findMachine("h10"); });
  EXPECT_NE(message.find("h100, "), std::string::npos) << message;
}

} // namespace
