//===- Model.cpp ----------------------------------------------------------===//
#include "tools/glyptic/Model.h"

#include "support/Error.h"
#include "tools/glyptic/Tool.h"

#include <array>
#include <cstring>
#include <dlfcn.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace glyptic::tool {
namespace {

Compiler *loadCompiler() {
  std::error_code error;
  std::filesystem::path tool = std::filesystem::read_symlink("/proc/self/exe", error);
  std::string library = (tool.parent_path().parent_path() / "lib" / "libglyptic-compiler.so").string();
  void *handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    throw Error(ErrorCode::File, std::string("cannot open the compiler, which is needed to read models: ") + dlerror());
  auto create = reinterpret_cast<Compiler *(*)(int)>(dlsym(handle, "glypticCreateCompiler"));
  Compiler *compiler = create ? create(kCompilerInterface) : nullptr;
  if (!compiler)
    throw Error(ErrorCode::File, library + " is of another version than this tool; install both together");
  return compiler;
}

/// Holds the glyph of a model until it is loaded. A loaded glyph is mapped, so weights are never in memory twice.
struct TemporaryFolder {
  std::string path = (std::filesystem::temp_directory_path() / "glyptic-XXXXXX").string(), file;

  TemporaryFolder() {
    if (!mkdtemp(path.data()))
      throwFileError("create the folder", path);
    file = path + "/program.glyph";
  }
  TemporaryFolder(const TemporaryFolder &) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

} // namespace

Compiler &openCompiler() {
  // Never unloaded: LLVM's statics live as long as the process.
  static Compiler *compiler = loadCompiler();
  return *compiler;
}

void check(const Outcome &outcome) {
  if (!outcome)
    throw Error(outcome.code, outcome.message);
}

bool isGlyph(const std::string &path) {
  if (std::filesystem::path(path).extension() == ".glyph")
    return true;
  std::array<char, 4> magic{};
  std::ifstream(path, std::ios::binary).read(magic.data(), magic.size());
  return std::memcmp(magic.data(), "PK\3\4", magic.size()) == 0;
}

ProgramHandle openProgram(const std::string &path, const std::function<CompileOptions()> &options) {
  glyptic_program *program = nullptr;
  bool compiled = !isGlyph(path);
  CompileReport report;
  if (compiled) {
    TemporaryFolder folder;
    check(openCompiler().compile(path, options(), folder.file, &report));
    glyptic::check(glyptic_program_load(folder.file.c_str(), &program));
  } else {
    glyptic::check(glyptic_program_load(path.c_str(), &program));
  }
  return {std::shared_ptr<glyptic_program>(program, glyptic_program_free), compiled, std::move(report.remarks),
          std::move(report.trainingForm)};
}

SessionHandle openSession(const ProgramHandle &program, int threads, const std::string &device, bool debugSync) {
  glyptic_session_options options{};
  options.device = device.c_str();
  options.threads = threads;
  options.debug_sync = debugSync;
  glyptic_session *session = nullptr;
  glyptic::check(glyptic_session_create_with(program.get(), &options, &session));
  return SessionHandle(session);
}

DataSetHandle loadData(const std::string &path, const ProgramHandle &program) {
  glyptic_dataset *data = nullptr;
  glyptic::check(glyptic_dataset_load(path.c_str(), program.get(), &data));
  return DataSetHandle(data);
}

std::vector<std::string> targetsFor(const std::string &device) {
  if (device == "shim")
    return {"cuda:sm_90"}; // any would do: its machine code is not used
  char architecture[GLYPTIC_ARCHITECTURE_SIZE];
  glyptic::check(glyptic_device_architecture(device.c_str(), architecture));
  return *architecture ? std::vector<std::string>{std::string("cuda:") + architecture} : std::vector<std::string>{"cpu"};
}

std::string trainingFormNote(const std::string &path, const std::string &form) {
  return path + " is in training form as the model was: " + form + ", wherever it runs. For inference: glyptic "
         "export " + path + " --inference-form -o FILE";
}

void requireWritable(const std::string &path) {
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty())
    folder = ".";
  if (std::filesystem::is_directory(path))
    throw Error(ErrorCode::File, "cannot write " + quoteName(path) + ": it is a folder");
  if (access(folder.c_str(), W_OK | X_OK) != 0)
    throwFileError("write", path);
}

/// Links and other spellings count as well.
static bool isSameFile(const std::string &a, const std::string &b) {
  std::error_code error;
  if (std::filesystem::equivalent(a, b, error))
    return true;
  auto resolve = [&](const std::string &path) { return std::filesystem::weakly_canonical(path, error); };
  return !a.empty() && !b.empty() && resolve(a) == resolve(b);
}

void requireApart(const std::vector<std::string> &read, const std::vector<std::string> &written) {
  for (size_t i = 0; i < written.size(); ++i) {
    for (const std::string &input : read)
      if (isSameFile(input, written[i]))
        throw UsageError(quoteName(written[i]) + " is read as well: writing it would lose it; name another file");
    for (size_t j = 0; j < i; ++j)
      if (isSameFile(written[j], written[i]))
        throw UsageError(quoteName(written[i]) + " is written twice; name two files");
  }
}

} // namespace glyptic::tool
