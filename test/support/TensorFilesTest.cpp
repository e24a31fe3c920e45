//===- TensorFilesTest.cpp - Safetensors and .npz, sound and malformed ----===//
#include "TemporaryFolder.h"
#include "support/NpyHeader.h"
#include "support/Npz.h"
#include "support/Safetensors.h"

#include <cstring>

using namespace glyptic;

static std::string safetensors(const std::string &json, const std::string &data) {
  uint64_t length = json.size();
  return std::string(reinterpret_cast<const char *>(&length), 8) + json + data;
}

static std::string complaint(const std::string &file) {
  return errorOf([&] { SafetensorsReader reader(file); });
}

TEST(Safetensors, RoundTrip) {
  SafetensorsLayout layout({{"b", DType::F32, {2, 3}}, {"a", DType::F32, {0}}, {"step", DType::I64, {}}}, {{"k", "v"}});
  std::string file;
  auto sink = [&](std::string_view bytes) { file += bytes; };
  std::string bytes(24, 'f');
  auto provide = [&](const SafetensorsEntry &entry) {
    return std::string_view(bytes).substr(0, entry.name == "b" ? 24 : entry.name == "a" ? 0 : 8);
  };
  layout.write(sink, provide);
  EXPECT_EQ(file.size(), layout.fileSize());
  SafetensorsReader reader(file);
  ASSERT_EQ(reader.entries().size(), 3u);
  EXPECT_EQ(reader.entries()[0].name, "step") << "wide types come first, so that all are aligned";
  EXPECT_EQ(reader.find("b")->shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(reader.find("b")->data, bytes);
  EXPECT_EQ(reader.metadata().at("k"), "v");
  EXPECT_EQ(reader.find("c"), nullptr);
}

TEST(Safetensors, MalformedHeadersAreNamed) {
  auto entry = [](const char *name, const char *shape, const char *offsets) {
    return std::string("\"") + name + "\":{\"dtype\":\"F32\",\"shape\":[" + shape + "],\"data_offsets\":[" + offsets +
           "]}";
  };
  std::string data(8, '\0');
  EXPECT_EQ(complaint(safetensors("{" + entry("a", "2", "0,8") + "}", data)), "");
  EXPECT_EQ(complaint(safetensors("{" + entry("a", "1", "0,4") + "," + entry("b", "1", "0,4") + "}", data)),
            "tensor 'b' overlaps another");
  EXPECT_EQ(complaint(safetensors("{" + entry("a", "1", "4,8") + "}", data)), "tensor 'a' leaves a gap before it");
  EXPECT_EQ(complaint(safetensors("{" + entry("a", "3", "0,12") + "}", data)),
            "tensor 'a' reaches beyond the end of the file");
  EXPECT_EQ(complaint(safetensors("{" + entry("a", "3", "0,8") + "}", data)),
            "tensor 'a' occupies 8 bytes, which is not the size of float32 [3]");
  EXPECT_EQ(complaint(safetensors("{" + entry("a", "4611686018427387904,4,0", "0,8") + "}", data)).substr(0, 27),
            "tensor 'a' occupies 8 bytes");
  EXPECT_EQ(complaint(safetensors("{" + entry("a", "1", "0,4") + "}", data)),
            "the safetensors file holds bytes that no tensor uses");
  EXPECT_EQ(complaint(safetensors("{" + entry("a", "1", "0,4") + "," + entry("a", "1", "4,8") + "}", data)),
            "tensor 'a' occurs twice in the safetensors header");
  EXPECT_EQ(complaint(safetensors("{\"a\":{\"dtype\":\"C64\",\"shape\":[1],\"data_offsets\":[0,8]}}", data)),
            "tensor 'a' has element type 'C64', which is not supported");
  EXPECT_EQ(complaint(safetensors("{" + entry("a", "-2", "0,8") + "}", data)),
            "tensor 'a' is described incompletely in the safetensors header");
  EXPECT_EQ(complaint(safetensors("[1]", data)), "the safetensors header is not a JSON object");
  EXPECT_EQ(complaint(safetensors("{\"a\":", data)), "the safetensors header is not a JSON object");
  EXPECT_EQ(complaint(safetensors("{\"a\":1}", data)),
            "tensor 'a' is described incompletely in the safetensors header");
  EXPECT_EQ(complaint("1234567"), "too short for a safetensors file");
  EXPECT_NE(complaint(std::string(16, '\xff')).find("cut short"), std::string::npos);
  EXPECT_NE(complaint(safetensors(std::string(100'000, '['), data)), "") << "deep nesting";
}

TEST(Safetensors, NoFlipOrCutCrashes) {
  std::string file = safetensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", std::string(8, 'x'));
  for (size_t i = 0; i < file.size(); ++i) {
    std::string flipped = file;
    flipped[i] ^= 1 << i % 8;
    complaint(flipped);
    EXPECT_NE(complaint(file.substr(0, i)), "") << "cut to " << i;
  }
}

static std::string npyComplaint(const std::string &dict, unsigned version = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += {static_cast<char>(version), '\0', static_cast<char>(dict.size()), '\0'};
  if (version > 1)
    bytes += std::string(2, '\0');
  return errorOf([&] { parseNpyHeader(bytes + dict); });
}

TEST(Npz, Headers) {
  EXPECT_EQ(npyComplaint("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }  \n"), "");
  EXPECT_EQ(npyComplaint("{\"shape\":(),\"descr\":\"|i1\",\"fortran_order\":True}", 3), "");
  const char *malformed = "its .npy header is not understood";
  for (const char *dict :
       {"", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False, 'shape': (3 4)}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': ()}", "{'descr': '<f4', 'descr': '<f4', }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': ()} x"})
    EXPECT_EQ(npyComplaint(dict), malformed) << dict;
  EXPECT_NE(npyComplaint("{'descr': '>f4', 'fortran_order': False, 'shape': ()}").find("'>f4'"), std::string::npos);
  EXPECT_NE(npyComplaint("{'descr': [('a', '<f4')], 'shape': ()}").find("records"), std::string::npos);
  EXPECT_NE(npyComplaint("{}", 4).find("version 4"), std::string::npos);
  EXPECT_NE(errorOf([&] { parseNpyHeader("\x93NUMPY\1"); }), "");
}

TEST(Npz, RoundTrip) {
  TemporaryFolder folder;
  std::vector<std::byte> bytes(24, std::byte{7});
  writeNpz(folder / "a.npz", {{"x", DType::F32, {2, 3}, bytes}, {"s", DType::I8, {24}, bytes}});
  std::vector<NpzArray> arrays = readNpz(folder / "a.npz");
  ASSERT_EQ(arrays.size(), 2u);
  EXPECT_EQ(arrays[0].name, "x");
  EXPECT_EQ(arrays[0].type, DType::F32);
  EXPECT_EQ(arrays[0].shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(arrays[1].bytes, bytes);
  EXPECT_NE(errorOf([&] { writeNpz(folder / "b.npz", {{"y", DType::F32, {2, 2}, bytes}}); }), "");
  EXPECT_NE(errorOf([&] { writeNpz(folder / "b.npz", {{"y", DType::BF16, {12}, bytes}}); }), "");
  EXPECT_EQ(folder.fileCount(), 1u);
}
