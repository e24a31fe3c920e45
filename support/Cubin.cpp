//===- Cubin.cpp - What a GPU kernel takes of its processor ---------------===//
#include "support/Cubin.h"
#include "support/Error.h"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <map>

namespace glyptic {
namespace {

constexpr uint16_t kMachineCuda = 190;
constexpr std::string_view kTextPrefix = ".text.", kSharedPrefix = ".nv.shared.", kInfo = ".nv.info";

// Records of .nv.info: how the value is kept, what it is, and for kSized its size.
constexpr uint8_t kSized = 4;
enum Attribute : uint8_t { FrameSize = 0x11, RegisterCount = 0x2f };

/// From sm_90 on the first kilobyte of shared memory belongs to the system, and sections count it.
constexpr uint32_t kFirstReserving = 90;
constexpr uint64_t kReserved = 1024;

class Reader {
public:
  explicit Reader(std::string_view bytes) : bytes(bytes), header(at<Elf64_Ehdr>(0)) {
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_machine != kMachineCuda ||
        header.e_shentsize != sizeof(Elf64_Shdr))
      fail();
    for (unsigned i = 0; i < header.e_shnum; ++i)
      sections.push_back(at<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr)));
  }

  std::vector<CubinKernel> read() {
    for (const Elf64_Shdr &section : sections)
      if (section.sh_type == SHT_SYMTAB)
        readSymbols(section);
    for (const Elf64_Shdr &section : sections)
      if (nameOf(section) == kInfo)
        readInfo(content(section));
    for (const Elf64_Shdr &section : sections)
      if (std::string_view name = nameOf(section); name.substr(0, kSharedPrefix.size()) == kSharedPrefix)
        if (auto kernel = kernels.find(std::string(name.substr(kSharedPrefix.size()))); kernel != kernels.end())
          kernel->second.sharedBytes = section.sh_size - std::min(section.sh_size, getReserved());
    std::vector<CubinKernel> list;
    for (auto &[name, kernel] : kernels)
      list.push_back(std::move(kernel));
    return list;
  }

private:
  [[noreturn]] static void fail() { throw Error(ErrorCode::Format, "is not a cubin, or a damaged one"); }

  std::string_view part(uint64_t offset, uint64_t size) const {
    if (offset > bytes.size() || size > bytes.size() - offset)
      fail();
    return bytes.substr(offset, size);
  }
  template <typename T> static T load(std::string_view data) {
    T value;
    if (data.size() < sizeof value)
      fail();
    std::memcpy(&value, data.data(), sizeof value);
    return value;
  }
  template <typename T> T at(uint64_t offset) const { return load<T>(part(offset, sizeof(T))); }

  std::string_view content(const Elf64_Shdr &section) const { return part(section.sh_offset, section.sh_size); }
  const Elf64_Shdr &section(size_t index) const {
    if (index >= sections.size())
      fail();
    return sections[index];
  }
  std::string_view text(const Elf64_Shdr &strings, uint64_t offset) const {
    std::string_view all = content(strings);
    size_t end = all.find('\0', offset);
    if (offset >= all.size() || end == std::string_view::npos)
      fail();
    return all.substr(offset, end - offset);
  }
  std::string_view nameOf(const Elf64_Shdr &of) const { return text(section(header.e_shstrndx), of.sh_name); }

  /// A kernel is a function with a section of its own.
  void readSymbols(const Elf64_Shdr &table) {
    for (uint64_t offset = 0; offset + sizeof(Elf64_Sym) <= table.sh_size; offset += sizeof(Elf64_Sym)) {
      auto symbol = at<Elf64_Sym>(table.sh_offset + offset);
      std::string name(symbol.st_name ? text(section(table.sh_link), symbol.st_name) : std::string_view());
      symbols.push_back(name);
      if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && ELF64_ST_BIND(symbol.st_info) == STB_GLOBAL &&
          nameOf(section(symbol.st_shndx)) == std::string(kTextPrefix) + name)
        kernels[name].name = name;
    }
  }

  void readInfo(std::string_view info) {
    while (info.size() >= 4) {
      auto format = static_cast<uint8_t>(info[0]), attribute = static_cast<uint8_t>(info[1]);
      uint64_t size = format == kSized ? load<uint16_t>(info.substr(2)) : 0;
      if (size > info.size() - 4)
        fail();
      std::string_view value = info.substr(4, size);
      if (size == 8 && (attribute == RegisterCount || attribute == FrameSize)) {
        auto symbol = load<uint32_t>(value), amount = load<uint32_t>(value.substr(4));
        if (auto kernel = kernels.find(symbol < symbols.size() ? symbols[symbol] : ""); kernel != kernels.end())
          (attribute == FrameSize ? kernel->second.localBytes : kernel->second.registers) = amount;
      }
      info.remove_prefix(4 + size);
    }
  }

  /// The architecture's place in the flags moved with version 8 of the format.
  uint64_t getReserved() const {
    uint32_t architecture = header.e_ident[EI_ABIVERSION] >= 8 ? header.e_flags >> 8 & 0xff : header.e_flags & 0xff;
    return architecture >= kFirstReserving ? kReserved : 0;
  }

  std::string_view bytes;
  Elf64_Ehdr header;
  std::vector<Elf64_Shdr> sections;
  std::vector<std::string> symbols;
  std::map<std::string, CubinKernel> kernels;
};

} // namespace

std::vector<CubinKernel> readCubin(std::string_view bytes) { return Reader(bytes).read(); }

} // namespace glyptic
