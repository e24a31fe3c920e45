//===- DataSetTest.cpp - Files into a program's arrays, or a useful error -===//
#include "support/DataSet.h"
#include "support/Npz.h"
#include "test/support/TemporaryFolder.h"

#include <cstring>
#include <zlib.h>

using namespace glyptic;

namespace {

template <typename T> NpzArray array(std::string name, DType type, std::vector<int64_t> shape, std::vector<T> values) {
  NpzArray result{std::move(name), type, std::move(shape), {}};
  result.bytes.resize(values.size() * sizeof(T));
  if (!values.empty())
    std::memcpy(result.bytes.data(), values.data(), result.bytes.size());
  return result;
}

class DataSetTest : public testing::Test {
protected:
  std::string path(const std::string &name) { return folder / ("data." + name); }
  std::string npz(const std::vector<NpzArray> &arrays) {
    writeNpz(path("npz"), arrays);
    return path("npz");
  }
  std::string csv(const std::string &text) {
    writeFile(path("csv"), text);
    return path("csv");
  }
  std::string loadError(const std::string &file) {
    return errorOf([&] { DataSet::load(file, specs); });
  }
  template <typename T> std::vector<T> gather(const DataSet &data, size_t index, std::vector<uint64_t> which) {
    std::vector<T> values(data.bytes(index, which.size()) / sizeof(T));
    data.gather(index, which.data(), which.size(), values.data());
    return values;
  }

  TemporaryFolder folder;
  std::vector<ArraySpec> specs = {{"x", DType::F32, true, 1, {2}, false}, {"y", DType::I64, true, 1, {}, true}};
  NpzArray x = array<float>("x", DType::F32, {3, 2}, {0, 1, 2, 3, 4, 5});
  NpzArray y = array<int64_t>("y", DType::I64, {3}, {7, 8, 9});
};

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

} // namespace

TEST_F(DataSetTest, GathersSamplesInAnyOrder) {
  DataSet data = DataSet::load(npz({y, x}), specs);
  EXPECT_EQ(data.size(), 3u);
  EXPECT_EQ(gather<float>(data, 0, {2, 0}), (std::vector<float>{4, 5, 0, 1}));
  EXPECT_EQ(gather<int64_t>(data, 1, {1}), (std::vector<int64_t>{8}));
  EXPECT_EQ(DataSet::count(path("npz"), "y"), 3u);
}

TEST_F(DataSetTest, LabelsOfOtherIntegerTypesAreTaken) {
  DataSet data = DataSet::load(npz({x, array<uint8_t>("y", DType::U8, {3}, {7, 8, 9})}), specs);
  EXPECT_EQ(gather<int64_t>(data, 1, {0, 1, 2}), (std::vector<int64_t>{7, 8, 9}));
}

TEST_F(DataSetTest, ArraysThatSamplesShareAndRowsOfASample) {
  specs = {{"x", DType::F32, true, 2, {1}, false}, {"mask", DType::F32, false, 1, {2}, false}};
  DataSet data = DataSet::load(
      npz({array<float>("x", DType::F32, {4, 1}, {0, 1, 2, 3}), array<float>("mask", DType::F32, {2}, {8, 9})}), specs);
  EXPECT_EQ(data.size(), 2u);
  EXPECT_EQ(gather<float>(data, 0, {1}), (std::vector<float>{2, 3}));
  EXPECT_EQ(gather<float>(data, 1, {1, 0}), (std::vector<float>{8, 9}));
}

TEST_F(DataSetTest, ErrorsNameWhatIsExpectedAndFound) {
  std::string text = loadError(npz({x}));
  EXPECT_SAYS(text, "'y'");
  EXPECT_SAYS(text, "it holds 'x'");
  text = loadError(npz({array<float>("x", DType::F32, {2, 3}, {0, 1, 2, 3, 4, 5}), y}));
  EXPECT_SAYS(text, "[2,3]");
  EXPECT_SAYS(text, "float32 [N,2]");
  text = loadError(npz({array<double>("x", DType::F64, {3, 2}, {0, 1, 2, 3, 4, 5}), y}));
  EXPECT_SAYS(text, "float64");
  EXPECT_SAYS(text, ".astype('float32')");
  text = loadError(npz({x, array<int64_t>("y", DType::I64, {2}, {7, 8})}));
  EXPECT_SAYS(text, "3 samples");
  EXPECT_SAYS(text, "2");
  EXPECT_SAYS(loadError(npz({array<float>("x", DType::F32, {0, 2}, {}), array<int64_t>("y", DType::I64, {0}, {})})),
              "no samples");
  EXPECT_SAYS(loadError(path("txt")), ".npz, .csv or .csv.gz");
}

TEST_F(DataSetTest, RangesNameTheSample) {
  DataSet data = DataSet::load(npz({x, array<int64_t>("y", DType::I64, {3}, {0, -100, 10})}), specs);
  data.checkRange({"y", 0, 11, true, -100});
  for (bool ignored : {false, true}) {
    std::string text = errorOf([&] { data.checkRange({"y", 0, 10, ignored, -100}); });
    EXPECT_SAYS(text, ignored ? "sample 2 is 10" : "sample 1 is -100");
    EXPECT_SAYS(text, "0 to 9");
  }
}

TEST_F(DataSetTest, ChecksumsSeeContent) {
  uint32_t first = DataSet::load(npz({x, y}), specs).checksum();
  EXPECT_EQ(DataSet::load(npz({y, x}), specs).checksum(), first);
  x.bytes[5] = std::byte(1);
  EXPECT_NE(DataSet::load(npz({x, y}), specs).checksum(), first);
}

TEST_F(DataSetTest, TablesWithTheLabelAnywhere) {
  DataSet data = DataSet::load(csv("a,y,\"b\"\r\n1.5,3,-2e-1\r\n\r\n 4 ,5.0,+6\n"), specs);
  EXPECT_EQ(gather<float>(data, 0, {0, 1}), (std::vector<float>{1.5f, -0.2f, 4, 6}));
  EXPECT_EQ(gather<int64_t>(data, 1, {0, 1}), (std::vector<int64_t>{3, 5}));
}

TEST_F(DataSetTest, CompressedTables) {
  gzFile file = gzopen(path("csv.gz").c_str(), "wb");
  std::string text = "a,b,y\n";
  for (int i = 0; i < 30000; ++i) // more than one buffer of the reader
    text += std::to_string(i) + "," + std::to_string(2 * i) + "," + std::to_string(i % 3) + "\n";
  gzwrite(file, text.data(), unsigned(text.size()));
  gzclose(file);
  DataSet data = DataSet::load(path("csv.gz"), specs);
  ASSERT_EQ(data.size(), 30000u);
  EXPECT_EQ(gather<float>(data, 0, {29999}), (std::vector<float>{29999, 59998}));
  EXPECT_EQ(DataSet::count(path("csv.gz"), "y"), 30000u);
  // Cut in the middle.
  std::string bytes = readFile(path("csv.gz"));
  writeFile(path("csv.gz"), bytes.substr(0, bytes.size() / 2));
  EXPECT_SAYS(loadError(path("csv.gz")), "cannot be read");
}

TEST_F(DataSetTest, TableErrorsNameLineAndColumn) {
  EXPECT_SAYS(loadError(csv("a,b,y\n1,2,3\n1,x,3\n")), "line 3: column 2 (b): 'x' is not a number");
  EXPECT_SAYS(loadError(csv("a,b,y\n1,,3\n")), "'' is not a number");
  EXPECT_SAYS(loadError(csv("a,b,y\n1,nan,3\n")), "'nan' is not finite");
  EXPECT_SAYS(loadError(csv("a,b,y\n1,2,3.5\n")), "'3.5' is not an integer");
  EXPECT_SAYS(loadError(csv("a,b,y\n1,1e99,3\n")), "out of range");
  EXPECT_SAYS(loadError(csv("a,b,y\n1,2\n")), "line 2: has 2 fields, the header names 3 columns");
  EXPECT_SAYS(loadError(csv("a,b,y\n1,2,\"3\n")), "quote");
  EXPECT_SAYS(loadError(csv("a,b,c\n1,2,3\n")), "has no column 'y'");
  EXPECT_SAYS(loadError(csv("a,y\n1,2\n")), "1 columns besides the label");
  EXPECT_SAYS(loadError(csv("")), "is empty");
  EXPECT_SAYS(loadError(path("missing.csv")), "No such file");
}
