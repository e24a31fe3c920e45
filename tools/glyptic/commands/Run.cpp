//===- Run.cpp - glyptic run ----------------------------------------------===//
#include "support/Convert.h"
#include "support/Npz.h"
#include "support/glyph/Names.h"
#include "tools/glyptic/Model.h"
#include "tools/glyptic/Terminal.h"
#include "tools/glyptic/Tool.h"
#include "tools/glyptic/TrainingFlags.h"
#include "tools/glyptic/commands/Commands.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace glyptic::tool {
namespace {

/// A dense tensor seen along its batched dimension: `outer` blocks of `stride` bytes for each sample.
struct BatchAxis {
  size_t outer = 1, stride = 1;
  bool batched = false;
  int64_t scale = 1; ///< extent of the batched dimension for one sample

  explicit BatchAxis(const glyptic_tensor &tensor) : stride(sizeOf(DType(tensor.dtype))) {
    for (size_t i = 0; i < tensor.rank; ++i) {
      if (tensor.batched[i]) {
        outer = stride / sizeOf(DType(tensor.dtype));
        stride = sizeOf(DType(tensor.dtype));
        scale = tensor.dims[i];
        batched = true;
      }
      stride *= size_t(tensor.dims[i]);
    }
  }

  size_t bytes(int64_t samples) const { return outer * stride * (batched ? size_t(samples) : 1); }

  /// Copies samples [from, from + count) of `whole`, which holds `total`, to the dense `part`, or back.
  void slice(std::byte *whole, std::byte *part, int64_t total, int64_t from, int64_t count, bool back) const {
    for (size_t block = 0; block < outer; ++block) {
      std::byte *in = whole + (block * size_t(total) + size_t(from)) * stride;
      std::byte *out = part + block * size_t(count) * stride;
      back ? std::memcpy(in, out, size_t(count) * stride) : std::memcpy(out, in, size_t(count) * stride);
    }
  }
};

std::vector<int64_t> shapeOf(const glyptic_tensor &tensor, int64_t samples) {
  std::vector<int64_t> shape(tensor.dims, tensor.dims + tensor.rank);
  for (size_t i = 0; i < tensor.rank; ++i)
    shape[i] *= tensor.batched[i] ? samples : 1;
  return shape;
}

/// "float32 [N, 1, 8, 8]".
std::string describeTensor(const glyptic_tensor &tensor) {
  std::string text;
  for (size_t i = 0; i < tensor.rank; ++i) {
    std::string extent = std::to_string(tensor.dims[i]);
    if (tensor.batched[i])
      extent = tensor.dims[i] == 1 ? "N" : extent + "*N";
    text += (i ? ", " : "") + extent;
  }
  return std::string(nameOf(DType(tensor.dtype))) + " [" + text + "]";
}

/// Samples of one execution where nobody says otherwise.
constexpr int64_t kBatch = 32;

class RunCommand {
public:
  std::string model, input, output;
  std::vector<std::string> shapes;
  std::string device = "auto";
  int threads = 0;
  int64_t batch = 0; ///< 0: not given
  bool inferenceForm = false, debugSync = false;

  int run();

private:
  void open(int64_t maxBatch);
  void takeInputs();
  int64_t samplesOf(const glyptic_tensor &tensor, const NpzArray &array) const;
  int64_t chooseBatch(int64_t total);
  void runBatch(glyptic_session *session, int64_t from, int64_t count);

  ProgramHandle program;
  std::vector<glyptic_tensor> inputs, outputs;
  std::vector<NpzArray> given, results; ///< in the order of `inputs` and `outputs`
  int64_t samples = 0;                  ///< 0 until an input with a batch says how many
};

int64_t RunCommand::samplesOf(const glyptic_tensor &tensor, const NpzArray &array) const {
  auto refuse = [&] {
    throw Error(input + ": array " + quoteName(array.name) + " is " + describe(array.type, array.shape) +
                ", the model takes " + describeTensor(tensor));
  };
  DType wanted = DType(tensor.dtype) == DType::BF16 ? DType::F32 : DType(tensor.dtype);
  if (array.type != wanted || array.shape.size() != tensor.rank)
    refuse();
  int64_t count = 0;
  for (size_t i = 0; i < tensor.rank; ++i) {
    if (!tensor.batched[i] ? array.shape[i] != tensor.dims[i] : array.shape[i] % tensor.dims[i] != 0)
      refuse();
    if (tensor.batched[i])
      count = array.shape[i] / tensor.dims[i];
  }
  return count;
}

void RunCommand::takeInputs() {
  std::vector<NpzArray> file = readNpz(input);
  const char *counted = nullptr;
  for (const glyptic_tensor &tensor : inputs) {
    auto found =
        std::find_if(file.begin(), file.end(), [&](const NpzArray &array) { return array.name == tensor.name; });
    if (found == file.end()) {
      std::string names;
      for (const NpzArray &array : file)
        names += (names.empty() ? "" : ", ") + quoteName(array.name);
      throw Error(input + ": has no array " + quoteName(tensor.name) + " (" + describeTensor(tensor) + "), it holds " +
                  (names.empty() ? "nothing" : names));
    }
    int64_t count = samplesOf(tensor, *found);
    if (BatchAxis(tensor).batched) {
      if (counted && count != samples)
        throw Error(input + ": array " + quoteName(counted) + " has " + std::to_string(samples) + " samples, " +
                    quoteName(tensor.name) + " has " + std::to_string(count));
      counted = tensor.name;
      samples = count;
    }
    if (DType(tensor.dtype) == DType::BF16)
      found->bytes = toBfloat16(reinterpret_cast<const float *>(found->bytes.data()), found->bytes.size() / 4);
    given.push_back(*found);
  }
  if (counted && samples == 0)
    throw Error(input + ": holds no samples");
}

void RunCommand::runBatch(glyptic_session *session, int64_t from, int64_t count) {
  std::vector<std::byte> part;
  for (size_t i = 0; i < inputs.size(); ++i) {
    BatchAxis axis(inputs[i]);
    part.resize(axis.bytes(count));
    if (axis.batched)
      axis.slice(given[i].bytes.data(), part.data(), samples, from, count, false);
    else
      part = given[i].bytes;
    glyptic::check(glyptic_session_set_input(session, names::kInfer, inputs[i].name, part.data(), part.size()));
  }
  glyptic::check(glyptic_session_run(session, names::kInfer, count));
  for (size_t i = 0; i < outputs.size(); ++i) {
    BatchAxis axis(outputs[i]);
    part.resize(axis.bytes(count));
    glyptic::check(glyptic_session_get_output(session, outputs[i].name, part.data(), part.size()));
    if (axis.batched)
      axis.slice(results[i].bytes.data(), part.data(), samples, from, count, true);
    else
      results[i].bytes = part;
  }
}

void RunCommand::open(int64_t maxBatch) {
  program = openProgram(model, [&] {
    CompileOptions options;
    options.maxBatch = maxBatch;
    options.shapes = parseShapes(shapes);
    options.threads = threads;
    options.targets = targetsFor(device);
    options.inferenceForm = inferenceForm;
    return options;
  });
  const glyptic_tensor *tensors = nullptr;
  size_t count = glyptic_program_inputs(program.get(), names::kInfer, &tensors);
  inputs.assign(tensors, tensors + count);
  count = glyptic_program_outputs(program.get(), names::kInfer, &tensors);
  outputs.assign(tensors, tensors + count);
}

/// Samples of one execution. Where one's outputs may depend on others they all are, unless the person wants it
/// otherwise.
int64_t RunCommand::chooseBatch(int64_t total) {
  int64_t largest = glyptic_program_max_batch(program.get());
  if (batch)
    largest = std::min(largest, batch);
  auto mixed = std::find_if(outputs.begin(), outputs.end(), [](const glyptic_tensor &o) { return o.mixes_samples; });
  if (total <= largest || mixed == outputs.end())
    return largest;
  std::string fact = "output " + quoteName(mixed->name) + " may say of a sample what depends on the others",
              all = std::to_string(total);
  if (batch) {
    std::fprintf(stderr, "note: %s; with --batch %lld it sees that many at a time\n", fact.c_str(), (long long)batch);
    return largest;
  }
  std::string apart = "--batch " + std::to_string(largest) + " takes so many at a time, each batch by itself";
  if (!program.compiled)
    throw Error(model + ": " + fact + ", and the glyph takes " + std::to_string(largest) + " of these " + all +
                " samples at once; compile it with --batch " + all + ", or " + apart);
  try {
    open(total);
  } catch (const Error &error) {
    throw Error(error.code(),
                std::string(error.what()) + "; " + fact + ", so all " + all + " are taken at once; " + apart);
  }
  return total;
}

int RunCommand::run() {
  requireApart({model, input}, {output});
  requireWritable(output);
  open(batch ? batch : kBatch);
  takeInputs();
  // Without a batch in its inputs the model is one execution of whatever it fixes.
  int64_t total = std::max<int64_t>(samples, 1), largest = chooseBatch(total);
  for (const glyptic_tensor &tensor : outputs)
    results.push_back({tensor.name, DType(tensor.dtype), shapeOf(tensor, total),
                       std::vector<std::byte>(BatchAxis(tensor).bytes(total))});
  if (!program.trainingForm.empty() && !inferenceForm) {
    std::string note = model + " is in training form: " + program.trainingForm +
                       ". In this run nothing is dropped, all else is as the file says; --inference-form takes the "
                       "running statistics";
    std::fprintf(stderr, "%s", notes({note}).c_str());
  }
  SessionHandle session = openSession(program, threads, device, debugSync);
  for (int64_t from = 0; from < total; from += largest)
    runBatch(session.get(), from, std::min(largest, total - from));
  for (NpzArray &array : results)
    if (array.type == DType::BF16) {
      array.bytes = fromBfloat16(array.bytes.data(), array.bytes.size() / 2);
      array.type = DType::F32;
    }
  writeNpz(output, results);
  return kDone;
}

} // namespace

void addRun(CLI::App &app, Action &action) {
  CLI::App *command = app.add_subcommand(
      "run",
      "Runs a model on the arrays of an .npz file, named as its inputs, and writes its outputs as another. Any number "
      "of samples is taken in batches; all at once where an output may depend on several samples.");
  auto state = std::make_shared<RunCommand>();
  command->add_option("model", state->model, "the model: .onnx, .onnxtxt or .glyph")->required();
  command->add_option("--input", state->input, "arrays named as the inputs (.npz)")->required();
  command->add_option("--output", state->output, "where the outputs go (.npz)")->required();
  command
      ->add_option("--batch", state->batch,
                   "samples of one execution at most (default " + std::to_string(kBatch) +
                       ", or all where samples mix)")
      ->check(CLI::Range(1, INT32_MAX));
  command->add_option("--shape", state->shapes, "fixed shape of an input, N being the batch: x=N,3,224,224");
  command->add_option("--threads", state->threads, "threads (default: all cores)")
      ->check(CLI::Range(1, GLYPTIC_MAX_THREADS));
  command->add_flag("--inference-form", state->inferenceForm,
                    "take nodes in training form for what they are in inference: normalised by the running statistics");
  command->add_option("--device", state->device,
                      "auto, cpu, cuda[:N], or shim: the kernels for GPUs on this processor");
  command->add_flag("--debug-sync", state->debugSync, kDebugSyncHelp);
  command->footer("Example:\n  glyptic run trained.onnx --input digits.npz --output logits.npz");
  command->callback([state, &action] { action = [state] { return state->run(); }; });
}

} // namespace glyptic::tool
