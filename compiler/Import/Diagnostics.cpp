//===- Diagnostics.cpp - Text of import errors --------------------------------===//
#include "compiler/Import/Diagnostics.h"
#include "compiler/Errors.h"
#include "onnx/onnx_pb.h"
#include "support/Error.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace glyptic {

std::string escape(StringRef text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned char c = text[i];
    // C1 controls (some terminals obey them) are two bytes in UTF-8.
    bool c1 = c == 0xc2 && i + 1 < text.size() && (unsigned char)text[i + 1] < 0xa0;
    if ((c < 0x20 && c != '\n') || c == 0x7f || c1)
      out += "\\x" + utohexstr(c1 ? (unsigned char)text[++i] : c, /*LowerCase=*/true, 2);
    else
      out += c;
  }
  return out;
}

std::string quote(StringRef name) { return quoteName({name.data(), name.size()}); }

std::string getOperator(const onnx::NodeProto &node) {
  const std::string name = escape(node.domain().empty() || node.domain() == "ai.onnx" ? node.op_type()
                                                                                       : node.domain() + "." + node.op_type());
  return llvm::join(llvm::split(name, '\n'), "\\n"); // it is one line of a message
}

std::string describeNode(const onnx::NodeProto &node, int64_t index) {
  std::string op = getOperator(node);
  auto output = llvm::find_if(node.output(), [](const std::string &name) { return !name.empty(); });
  if (!node.name().empty() || output != node.output().end())
    return "node " + quote(node.name().empty() ? *output : node.name()) + " (" + op + ")";
  return "node " + std::to_string(index) + " (" + op + ") without a name";
}

llvm::Error makeFileError(StringRef path, const Twine &message, ErrorCode code) {
  return makeError(code, escape(path) + ": " + message);
}

} // namespace glyptic
