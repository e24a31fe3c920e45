//===- Registry.cpp - Which function imports which operator -------------------===//
#include "compiler/Import/Registry.h"
#include <tuple>

using namespace llvm;

namespace glyptic {

static auto getKey(const OpImporter &importer) { return std::tuple(importer.domain, importer.op); }

static std::vector<OpImporter> buildTable() {
  std::vector<OpImporter> table;
#define GLYPTIC_IMPORT_TABLE(NAME) append_range(table, get##NAME##Importers());
#include "compiler/Import/ImportTables.def"
  llvm::sort(table, [](const OpImporter &a, const OpImporter &b) {
    return std::tuple(getKey(a), a.sinceVersion) < std::tuple(getKey(b), b.sinceVersion);
  });
  return table;
}

ArrayRef<OpImporter> getImporters() {
  static const std::vector<OpImporter> table = buildTable();
  return table;
}

std::vector<SupportedOperator> getSupportedOperators() {
  auto describe = [](const OpImporter &importer) {
    return SupportedOperator{importer.domain, importer.op, importer.sinceVersion};
  };
  return {map_iterator(getImporters().begin(), describe), map_iterator(getImporters().end(), describe)};
}

const OpImporter *lookupImporter(StringRef domain, StringRef op, int64_t opset) {
  ArrayRef<OpImporter> table = getImporters();
  auto end = llvm::upper_bound(table, std::tuple(domain, op, opset), [](const auto &key, const OpImporter &importer) {
    return key < std::tuple(StringRef(importer.domain), StringRef(importer.op), importer.sinceVersion);
  });
  if (end == table.begin())
    return nullptr;
  const OpImporter *found = std::prev(end);
  return found->domain == domain && found->op == op ? found : nullptr;
}

} // namespace glyptic
