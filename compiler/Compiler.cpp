//===- Compiler.cpp - The compiler's C++ interface --------------===//
#include "compiler/Compiler.h"
#include "compiler/Export/Export.h"
#include "compiler/GradientCheck/Certificate.h"
#include "compiler/Models/Models.h"
#include "compiler/Pipeline/Check.h"
#include "compiler/Pipeline/CompareMachines.h"
#include "compiler/Pipeline/Compilation.h"
#include "compiler/Training/Choices.h"
#include "support/File.h"
#include "llvm/Support/FormatVariadic.h"
#include <filesystem>
#include <unistd.h>

namespace glyptic {
namespace {

/// No exception leaves the compiler: those of its libraries (JSON, ONNX, the standard library) become outcomes here.
template <typename Action> Outcome guard(Action action) noexcept {
  try {
    return action();
  } catch (const Error &error) {
    return {false, error.code(), error.what()};
  } catch (const std::bad_alloc &) {
    return {false, ErrorCode::Memory, "out of memory"};
  } catch (const std::exception &error) {
    return {false, ErrorCode::Internal, error.what()};
  }
}

/// A file of our own in the folder for temporary files.
class TemporaryFile {
public:
  TemporaryFile() : path((std::filesystem::temp_directory_path() / "glyptic-XXXXXX").string()) {
    int file = mkstemp(path.data());
    if (file < 0)
      throwFileError("create", path);
    close(file);
  }
  TemporaryFile(const TemporaryFile &) = delete;
  ~TemporaryFile() { unlink(path.c_str()); }

  std::string path;
};

class CompilerImpl final : public Compiler {
public:
  Outcome compile(const std::string &model, const CompileOptions &options, const std::string &glyph,
                  CompileReport *report) noexcept override {
    return guard([&] {
      CompileReport unused;
      return Compilation(model, options, glyph, report ? *report : unused).run();
    });
  }

  Outcome compileToMemory(const std::string &model, const CompileOptions &options, std::vector<char> &glyph,
                          CompileReport *report) noexcept override {
    return guard([&] {
      TemporaryFile file;
      Outcome outcome = compile(model, options, file.path, report);
      if (outcome) {
        MappedFile mapped(file.path);
        glyph.assign(mapped.bytes().begin(), mapped.bytes().end());
      }
      return outcome;
    });
  }

  Outcome exportModel(const std::string &model, const std::string &state, const std::string &output,
                      bool inferenceForm, std::string &trainingForm) noexcept override {
    return guard([&]() -> Outcome {
      mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
      llvm::Expected<std::string> form = glyptic::exportModel(context, model, state, output, inferenceForm);
      if (!form)
        return toOutcome(form.takeError());
      trainingForm = std::move(*form);
      return {};
    });
  }

  Outcome check(const std::string &model, const CompileOptions &options, std::string &json) noexcept override {
    return guard([&] { return checkModel(model, options, json); });
  }

  Outcome compareMachines(const std::string &model, const CompileOptions &options,
                          const std::vector<std::string> &machines, bool allowsTf32,
                          std::string &json) noexcept override {
    return guard([&] { return glyptic::compareMachines(model, options, machines, allowsTf32, json); });
  }

  Outcome checkGradient(const std::string &model, const CompileOptions &options, const GradientCheckOptions &check,
                        std::string &certificate) noexcept override {
    return guard([&] { return certifyGradient(model, options, check, certificate); });
  }

  std::vector<ArchitectureInfo> getArchitectures() const override {
    std::vector<ArchitectureInfo> all;
    for (const Architecture &entry : glyptic::getArchitectures()) {
      all.push_back({entry.name.str(), entry.summary.str(), {}});
      for (const SizeFlag &flag : entry.flags)
        all.back().sizes.push_back({flag.name.str(), flag.initial, flag.help.str()});
    }
    return all;
  }

  Outcome createModel(const std::string &architecture, const std::map<std::string, int64_t> &sizes, uint64_t seed,
                      const std::string &path) noexcept override {
    return guard([&]() -> Outcome {
      if (llvm::Error error = writeNewModel(architecture, sizes, seed, path))
        return toOutcome(std::move(error));
      return {};
    });
  }

  std::vector<ChoiceInfo> getChoices(const std::string &option) const override { return getTrainingChoices(option); }

  std::string refuseChoice(const std::string &option, const std::string &name) const override {
    return refuseTrainingChoice(option, name);
  }

  std::string describePhases() const override {
    std::string text;
    for (const PhaseInfo &info : getPhases())
      text += llvm::formatv("{0,-10} {1}\n", info.name, info.description).str();
    return text;
  }
};

} // namespace
} // namespace glyptic

extern "C" glyptic::Compiler *glypticCreateCompiler(int interface) {
  return interface == glyptic::kCompilerInterface ? new glyptic::CompilerImpl : nullptr;
}
