//===- SharedObject.cpp - C++ compiled on this machine --------------------===//
#include "support/SharedObject.h"
#include "support/Error.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace glyptic {
namespace {

namespace fs = std::filesystem;

constexpr const char *kCompilers[] = {"clang++-22", "clang++", "g++", "c++"};

std::string findCompiler() {
  if (const char *chosen = std::getenv("GLYPTIC_CXX"); chosen && *chosen)
    return chosen;
  std::string_view path = std::getenv("PATH") ? std::getenv("PATH") : "";
  for (const char *name : kCompilers)
    for (std::string_view rest = path; !rest.empty();) {
      size_t end = std::min(rest.find(':'), rest.size());
      std::string file = std::string(rest.substr(0, end)) + "/" + name;
      if (access(file.c_str(), X_OK) == 0)
        return file;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  throw Error(ErrorCode::Unsupported, "there is no C++ compiler, which the host shim of CUDA kernels needs; install "
                                      "clang or g++, or name one in GLYPTIC_CXX");
}

struct Folder {
  fs::path path = fs::temp_directory_path() / "glyptic-XXXXXX";
  Folder() {
    std::string name = path.string();
    if (!mkdtemp(name.data()))
      throwFileError("create the folder", name);
    path = name;
  }
  Folder(const Folder &) = delete;
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

std::string readAll(const fs::path &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Runs a program with its output in `log`; whether it succeeded.
bool runProgram(std::vector<std::string> arguments, const fs::path &log) {
  std::vector<char *> raw;
  for (std::string &argument : arguments)
    raw.push_back(argument.data());
  raw.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  pid_t child;
  int failure = posix_spawnp(&child, raw[0], &actions, nullptr, raw.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure)
    throw Error(ErrorCode::Unsupported, "cannot start the C++ compiler " + quoteName(arguments[0]));
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

} // namespace

std::vector<char> compileSharedObject(std::string_view source) {
  std::string compiler = findCompiler();
  Folder folder;
  fs::path text = folder.path / "kernels.cpp", object = folder.path / "kernels.so", log = folder.path / "log";
  std::ofstream(text, std::ios::binary) << source;
  // No fast mathematics and no fused products: bits are those that the text says.
  if (!runProgram({compiler, "-std=c++17", "-O1", "-w", "-ffp-contract=off", "-fPIC", "-shared", "-o", object.string(),
                   text.string(), "-lm"},
                  log)) {
    std::string said = readAll(log);
    throw Error(ErrorCode::Internal,
                compiler + " does not compile the host shim of the CUDA kernels: " + said.substr(0, said.find('\n')));
  }
  std::string bytes = readAll(object);
  return {bytes.begin(), bytes.end()};
}

} // namespace glyptic
