//===- CudaLibrary.cpp - NVIDIA's libraries, opened at run time -----------===//
#include "support/CudaLibrary.h"
#include "support/Error.h"

#include <cstdlib>
#include <dlfcn.h>
#include <glob.h>

namespace glyptic {

/// A Python environment has a package for each library, and a folder for each since CUDA 13 has one for all.
static void addPackages(const std::string &environment, const std::string &file, std::vector<std::string> &paths) {
  glob_t found{};
  std::string pattern = environment + "/lib/python3*/site-packages/nvidia/*/lib/" + file;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0)
    paths.insert(paths.end(), found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
}

std::vector<std::string> getCudaLibraryPaths(const CudaLibraryName &name) {
  std::vector<std::string> files, paths;
  for (const char *version : name.versions)
    files.push_back(std::string(name.file) + "." + version);
  auto addFolder = [&](const std::string &folder) {
    for (const std::string &file : files)
      paths.push_back(folder + file);
  };
  auto addToolkit = [&](const std::string &home) {
    addFolder(home + "/lib64/");
    addFolder(home + "/lib/");
  };
  if (const char *home = std::getenv("CUDA_HOME"))
    addToolkit(home);
  if (!name.folder.empty())
    addFolder(name.folder);
  for (const char *variable : {"VIRTUAL_ENV", "CONDA_PREFIX"})
    if (const char *environment = std::getenv(variable))
      for (const std::string &file : files)
        addPackages(environment, file, paths);
  addFolder("");
  addToolkit("/usr/local/cuda");
  return paths;
}

CudaLibrary CudaLibrary::open(const CudaLibraryName &name) {
  std::string tried;
  for (const std::string &path : getCudaLibraryPaths(name)) {
    if (void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE))
      return {handle, path};
    tried += (tried.empty() ? "" : ", ") + path;
  }
  throw Error(ErrorCode::Unsupported, std::string(name.title) + ", is not found; install CUDA and set CUDA_HOME, or " +
                                          "activate a Python environment that has it (tried " + tried + ")");
}

void *LibraryFunctions::lookup(const char *symbol) {
  void *found = dlsym(library, symbol);
  if (!found && !missing)
    missing = symbol;
  return found;
}

std::string cudaVersionText(size_t version) {
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
}

} // namespace glyptic
