//===- NumpyTest.cpp - NumPy reads what we write, and we what it writes ---===//
#include "TemporaryFolder.h"
#include "support/Npz.h"

#include <cstdlib>
#include <cstring>
#include <map>

using namespace glyptic;

static void python(const TemporaryFolder &folder, const std::string &program) {
  writeFile(folder / "program.py", "import numpy as np, sys, os\nos.chdir(sys.argv[1])\n" + program);
  std::string command = std::string(GLYPTIC_PYTHON) + " " + (folder / "program.py") + " " + (folder / "");
  ASSERT_EQ(std::system(command.c_str()), 0) << program;
}

template <typename T> static std::vector<T> values(const NpzArray &array) {
  std::vector<T> out(array.bytes.size() / sizeof(T));
  memcpy(out.data(), array.bytes.data(), array.bytes.size());
  return out;
}

static std::vector<std::byte> bytesOf(const void *data, size_t size) {
  auto *bytes = static_cast<const std::byte *>(data);
  return {bytes, bytes + size};
}

TEST(Numpy, WeReadWhatItWrites) {
  TemporaryFolder folder;
  python(folder, R"(
a = np.arange(24).reshape(2, 3, 4)
arrays = {t: a.astype(t) for t in "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8".split()}
arrays.update(flags=a % 3 == 0, fortran=np.asfortranarray(a.astype("i4")), scalar=np.float64(2.5), none=np.zeros((0, 5), "f4"))
np.savez("stored.npz", **arrays)
np.savez_compressed("deflated.npz", **arrays)
)");
  for (const char *file : {"stored.npz", "deflated.npz"}) {
    std::map<std::string, NpzArray> arrays;
    for (NpzArray &array : readNpz(folder / file))
      arrays[array.name] = array;
    EXPECT_EQ(arrays.size(), 15u);
    std::vector<std::pair<const char *, DType>> types = {
        {"f2", DType::F16}, {"f4", DType::F32}, {"f8", DType::F64}, {"i1", DType::I8},  {"i2", DType::I16},
        {"i4", DType::I32}, {"i8", DType::I64}, {"u1", DType::U8},  {"u2", DType::U16}, {"u4", DType::U32},
        {"u8", DType::U64}, {"flags", DType::Bool}};
    for (auto &[name, type] : types) {
      EXPECT_EQ(arrays[name].type, type) << name;
      EXPECT_EQ(arrays[name].shape, (std::vector<int64_t>{2, 3, 4})) << name;
    }
    std::vector<int32_t> counting(24);
    for (int i = 0; i < 24; ++i)
      counting[i] = i;
    EXPECT_EQ(values<int32_t>(arrays["i4"]), counting);
    EXPECT_EQ(values<int32_t>(arrays["fortran"]), counting);
    EXPECT_EQ(values<double>(arrays["f8"])[23], 23.0);
    EXPECT_EQ(values<double>(arrays["scalar"]), std::vector<double>{2.5});
    EXPECT_EQ(arrays["none"].shape, (std::vector<int64_t>{0, 5}));
    EXPECT_EQ(values<uint8_t>(arrays["flags"])[3], 1);
  }
}

TEST(Numpy, ItReadsWhatWeWrite) {
  TemporaryFolder folder;
  std::vector<float> numbers{0, 1.5f, -2, 3, 4, 5};
  int64_t count = 7;
  writeNpz(folder / "a.npz", {{"x", DType::F32, {3, 2}, bytesOf(numbers.data(), 24)},
                              {"line", DType::F32, {6}, bytesOf(numbers.data(), 24)},
                              {"n", DType::I64, {}, bytesOf(&count, 8)}});
  python(folder, R"(
z = np.load("a.npz")
assert sorted(z) == ["line", "n", "x"], sorted(z)
assert z["x"].dtype == np.float32 and (z["x"] == np.array([[0, 1.5], [-2, 3], [4, 5]])).all()
assert z["line"].shape == (6,)
assert z["n"].shape == () and z["n"].dtype == np.int64 and z["n"] == 7
)");
}

TEST(Numpy, WhatWeDoNotReadIsNamed) {
  TemporaryFolder folder;
  python(folder, R"(
np.savez("complex.npz", c=np.zeros(2, "c8"))
np.savez("object.npz", o=np.array([{}, 1], dtype=object))
np.savez("big.npz", b=np.zeros(2, ">f4"))
)");
  for (auto &[file, hint] : std::vector<std::pair<const char *, const char *>>{
           {"complex.npz", "array 'c': its element type '<c8'"}, {"object.npz", "array 'o'"}, {"big.npz", "'>f4'"}}) {
    std::string message = errorOf([&, file = file] { readNpz(folder / file); });
    EXPECT_NE(message.find(hint), std::string::npos) << message;
    EXPECT_NE(message.find(file), std::string::npos) << message;
  }
}
