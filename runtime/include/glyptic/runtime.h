/*===- runtime.h - Run compiled programs from C ------------------------------===*
 *
 * A program is a loaded glyph: immutable, shared by any number of sessions and threads. A session is one copy of the
 * program's state (weights, optimizer moments, counters) with its memory and its threads.
 *
 *   Entries    functions of a program: `infer`, `evaluate`, `step`, `grad`, `apply`. Which there are, and what each
 *              takes and gives, is listed by the program.
 *   Samples    every run works on 1 to glyptic_program_max_batch() samples. Tensors are dense, row-major and little-
 *              endian; a batched dimension has dims[i] times the number of samples.
 *   Ownership  strings and arrays handed out belong to the program and live as long as it. Data is copied in and out.
 *   Errors     functions return NULL for success, else an error that the caller frees. A failed call changes nothing,
 *              unless its comment says otherwise.
 *   Threads    functions of a program may run at any time on any thread. Calls on one session must not overlap; they
 *              may come from different threads. Sessions are independent of each other.
 *   Devices    a session on a GPU queues what it is asked for in one stream, and waits for it where a comment says so.
 *              What a kernel does wrong shows in whichever call comes next; the session is lost then.
 *   Bits       the same glyph, state, inputs and number of threads give the same bits.
 *
 * A glyph contains machine code. Load it only from where you would run a program.
 *
 *===-------------------------------------------------------------------------===*/
#ifndef GLYPTIC_RUNTIME_H
#define GLYPTIC_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#ifndef GLYPTIC_API
#define GLYPTIC_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Errors ---- */

typedef struct glyptic_error glyptic_error;

typedef enum glyptic_error_code {
  GLYPTIC_ERROR_ARGUMENT = 1,    /* a wrong name, size or value passed in */
  GLYPTIC_ERROR_FILE = 2,        /* the system refused to open, read or write a file */
  GLYPTIC_ERROR_FORMAT = 3,      /* a file is cut, edited or of another kind */
  GLYPTIC_ERROR_UNSUPPORTED = 4, /* well formed, but not for this machine or this version */
  GLYPTIC_ERROR_MEMORY = 5,      /* the machine has too little memory */
  GLYPTIC_ERROR_INTERNAL = 6     /* a defect of Glyptic */
} glyptic_error_code;

GLYPTIC_API glyptic_error_code glyptic_error_get_code(const glyptic_error *error);
/* One line for people, without "error: "; control characters of names are escaped. Lives as long as the error. */
GLYPTIC_API const char *glyptic_error_message(const glyptic_error *error);
GLYPTIC_API void glyptic_error_free(glyptic_error *error); /* NULL is allowed */

/* ---- Programs ---- */

typedef struct glyptic_program glyptic_program;

typedef enum glyptic_dtype {
  GLYPTIC_F32 = 0, GLYPTIC_F64 = 1, GLYPTIC_F16 = 2, GLYPTIC_BF16 = 3, GLYPTIC_I8 = 4, GLYPTIC_I16 = 5, GLYPTIC_I32 = 6,
  GLYPTIC_I64 = 7, GLYPTIC_U8 = 8, GLYPTIC_U16 = 9, GLYPTIC_U32 = 10, GLYPTIC_U64 = 11, GLYPTIC_BOOL = 12
} glyptic_dtype;

typedef struct glyptic_tensor {
  const char *name;
  const char *role; /* of state: parameter, buffer, slot, counter; of data: input, label, output, total, metric, ... */
  glyptic_dtype dtype;
  size_t rank;
  const int64_t *dims;    /* extents; of a batched dimension, those of one sample */
  const uint8_t *batched; /* for each dimension: 1 if its extent is dims[i] times the number of samples */
  int mixes_samples;      /* of an output: 1 if what it says of a sample may depend on the other samples of the run, so
                             that several runs on parts of the samples need not make up one run on all of them */
} glyptic_tensor;

/* Values that an integer input may have: low <= value < high, or `ignored` if there is such a value. */
typedef struct glyptic_range {
  const char *tensor;
  int64_t low, high;
  int has_ignored;
  int64_t ignored;
} glyptic_range;

/* Loads and verifies a glyph. The file may be replaced by renaming meanwhile, but not changed in place. */
GLYPTIC_API glyptic_error *glyptic_program_load(const char *path, glyptic_program **program);
/* The same from memory, which is copied. */
GLYPTIC_API glyptic_error *glyptic_program_load_memory(const void *bytes, size_t size, glyptic_program **program);
/* Sessions keep what they need of a program; it may go before them. NULL is allowed. */
GLYPTIC_API void glyptic_program_free(glyptic_program *program);

GLYPTIC_API int64_t glyptic_program_max_batch(const glyptic_program *program); /* samples */
GLYPTIC_API int glyptic_program_threads(const glyptic_program *program);       /* that it was compiled for */
GLYPTIC_API const char *glyptic_program_target(const glyptic_program *program);
GLYPTIC_API const char *glyptic_program_options(const glyptic_program *program); /* training options as JSON, or "" */
GLYPTIC_API const char *glyptic_program_bill(const glyptic_program *program);    /* memory and work, for people */
/* Bytes that a session allocates, without the scratch memory of library calls. On a GPU the inputs of the entry that
 * has the largest lie there once more. */
GLYPTIC_API uint64_t glyptic_program_session_bytes(const glyptic_program *program);
GLYPTIC_API int glyptic_program_can_export(const glyptic_program *program); /* 1 if it holds the original model */

GLYPTIC_API size_t glyptic_program_entries(const glyptic_program *program, const char *const **names);
GLYPTIC_API size_t glyptic_program_state(const glyptic_program *program, const glyptic_tensor **tensors);
GLYPTIC_API size_t glyptic_program_ranges(const glyptic_program *program, const glyptic_range **ranges);
/* Return the number of tensors; 0 where there is no such entry. */
GLYPTIC_API size_t glyptic_program_inputs(const glyptic_program *program, const char *entry,
                                          const glyptic_tensor **tensors);
GLYPTIC_API size_t glyptic_program_outputs(const glyptic_program *program, const char *entry,
                                           const glyptic_tensor **tensors);

/* What an entry does, one after the other. Amounts are `fixed` + `per_sample` times the number of samples. */
typedef enum glyptic_action { GLYPTIC_KERNEL = 0, GLYPTIC_LIBRARY_CALL = 1, GLYPTIC_COPY = 2 } glyptic_action;

typedef struct glyptic_amount {
  uint64_t fixed, per_sample;
} glyptic_amount;

typedef struct glyptic_instruction {
  glyptic_action action;
  const char *name;     /* of the kernel or the routine */
  const char *nodes;    /* of the model, that it serves; "" where there are none */
  glyptic_amount flops; /* operations on elements */
  glyptic_amount bytes; /* of the memory that it reads and writes */
} glyptic_instruction;

/* Returns how many; 0 where there is no such entry. */
GLYPTIC_API size_t glyptic_program_instructions(const glyptic_program *program, const char *entry,
                                                const glyptic_instruction **instructions);

/* Runs each library call of an entry alone, over random numbers in memory of its own, once to warm up and `repeats`
 * times more, on a device as glyptic_session_create_on takes it. seconds[i] becomes the median for the i-th
 * instruction, 0 for one that is no library call; `count` is the number of instructions. This is what no way to run the
 * rest could save. */
GLYPTIC_API glyptic_error *glyptic_program_time_library_calls(const glyptic_program *program, const char *entry,
                                                              int64_t samples, const char *device, int threads,
                                                              int repeats, double *seconds, size_t count);

/* ---- Sessions ---- */

typedef struct glyptic_session glyptic_session;

/* More bring nothing on any machine, and an operating system may refuse to start them. */
#define GLYPTIC_MAX_THREADS 256

/* `threads`: how many to compute with, at most GLYPTIC_MAX_THREADS; 0 for the number that the program was compiled
 * for. */
GLYPTIC_API glyptic_error *glyptic_session_create(const glyptic_program *program, int threads,
                                                  glyptic_session **session);
/* The same on a device: "cpu", "cuda" or "cuda:1" (a GPU of NVIDIA, and the code for it), "shim" (that code's kernels
 * on this processor: slow, for tests; needs a C++ compiler), or "auto": what the program is compiled for.
 * glyptic_session_create means "auto". A GPU keeps all of the session's arenas in its own memory. */
GLYPTIC_API glyptic_error *glyptic_session_create_on(const glyptic_program *program, const char *device, int threads,
                                                     glyptic_session **session);
/* Zero-initialise, then set what is wanted. Strings are read during the call only. */
typedef struct glyptic_session_options {
  const char *device; /* as glyptic_session_create_on takes it; NULL: "auto" */
  int threads;        /* as glyptic_session_create takes it */
  int debug_sync;     /* not 0: on a GPU wait after each instruction, so that an error names the kernel and its nodes */
  /* For a GPU: a CUcontext and a CUstream of the caller's, which stay valid until the session is freed. The session
   * then allocates in that context, and does its work in that stream, after what the caller has queued there. NULL: the
   * device's primary context, which the runtime API of CUDA uses as well, or that of the stream; and a stream of the
   * session's own. The default stream has a name, CU_STREAM_LEGACY. Neither becomes current for the caller. */
  void *cuda_context;
  void *cuda_stream;
} glyptic_session_options;
GLYPTIC_API glyptic_error *glyptic_session_create_with(const glyptic_program *program,
                                                       const glyptic_session_options *options,
                                                       glyptic_session **session);
/* The architecture of a device's GPU, as "sm_90": what to compile for. Empty for devices that are no GPU. */
#define GLYPTIC_ARCHITECTURE_SIZE 16
GLYPTIC_API glyptic_error *glyptic_device_architecture(const char *device,
                                                       char architecture[GLYPTIC_ARCHITECTURE_SIZE]);
/* Where a session computes, and why there; lives as long as the session. */
GLYPTIC_API const char *glyptic_session_device(const glyptic_session *session);
GLYPTIC_API void glyptic_session_free(glyptic_session *session); /* NULL is allowed */
GLYPTIC_API int glyptic_session_threads(const glyptic_session *session);

/* Copies `size` bytes in: the number of samples is what they make up. An input stays set for further runs of its entry,
 * until an input of another entry is set or another entry runs. On a GPU it may be set while a run is at work, which
 * does not see it: it travels meanwhile. */
GLYPTIC_API glyptic_error *glyptic_session_set_input(glyptic_session *session, const char *entry, const char *input,
                                                     const void *data, size_t size);
/* Runs an entry whose inputs all hold `samples` samples, and returns when it is done. Integer inputs outside their
 * range are an error that names the first bad sample. The first run with a new number of samples sets the libraries up
 * and allocates, on a GPU the second, too, which records it as a CUDA graph; later ones allocate nothing, except what a
 * library does for its own arguments. A session keeps what it set up for the eight numbers that an entry was run with
 * last. */
GLYPTIC_API glyptic_error *glyptic_session_run(glyptic_session *session, const char *entry, int64_t samples);
/* The same, but on a GPU it returns when the run is queued, from the second on as one CUDA graph. */
GLYPTIC_API glyptic_error *glyptic_session_start(glyptic_session *session, const char *entry, int64_t samples);
/* Waits for all that was started. */
GLYPTIC_API glyptic_error *glyptic_session_wait(glyptic_session *session);
/* Why a GPU is asked for each instruction of an entry one by one: what could not be recorded as a CUDA graph. "" where
 * nothing is wrong, NULL where there is no such entry. Lives until the entry runs again. */
GLYPTIC_API const char *glyptic_session_graph_failure(const glyptic_session *session, const char *entry);
/* Where an instruction's time went, in seconds. */
typedef struct glyptic_instruction_time {
  double total;   /* from its start to its end */
  double busy;    /* inside the kernel, the mean over the threads that took part; of a library call its total */
  double longest; /* the same of the slowest of them: `total - longest` is what starting threads took */
} glyptic_instruction_time;

/* glyptic_session_run with a clock: times[i] becomes that of the i-th instruction; `count` is the number of
 * instructions. Reading the clock costs some 0.1 microseconds for each; a run without it costs nothing. */
GLYPTIC_API glyptic_error *glyptic_session_profile(glyptic_session *session, const char *entry, int64_t samples,
                                                   glyptic_instruction_time *times, size_t count);
/* Waits for the run that was started last and copies an output of it; `size` must be its size for that run's samples.
 * Outputs last until the next input is set; those of one element for any number of samples until the next run: on a GPU
 * they come to this machine with the run, which is all that is waited for then. */
GLYPTIC_API glyptic_error *glyptic_session_get_output(const glyptic_session *session, const char *output, void *data,
                                                      size_t size);
/* An output with one element (a metric, a total) as a double. */
GLYPTIC_API glyptic_error *glyptic_session_get_scalar(const glyptic_session *session, const char *output,
                                                      double *value);
/* Zeroes the sums that `grad` adds to and `apply` reads. */
GLYPTIC_API glyptic_error *glyptic_session_clear_accumulators(glyptic_session *session);

/* ---- Memory of the device ----
 * A session on a GPU takes and gives addresses of that GPU's memory, which any library of the process can share. All of
 * it is in the order of the session's stream, and nothing here waits: whoever works in the stream that he gave the
 * session needs no events, whoever works elsewhere calls glyptic_session_wait, or waits in his own way, before he hands
 * memory over or looks at it. On this processor addresses are this machine's, and the same calls copy at once. */

typedef struct glyptic_memory {
  void *address;              /* a multiple of 64; the session's */
  size_t size;                /* bytes; dense */
  const uint8_t *permutation; /* dimension i in memory is dimension permutation[i] as the program lists the tensor;
                                 NULL: the order is the same */
} glyptic_memory;

/* glyptic_session_set_input from the device's memory, which is the caller's and must not change until the runs that it
 * is set for are done. To be called again where it has. Whether integers lie in their range is not checked: an index
 * outside its table reads or writes foreign memory. */
GLYPTIC_API glyptic_error *glyptic_session_set_device_input(glyptic_session *session, const char *entry,
                                                            const char *input, const void *address, size_t size);
/* glyptic_session_get_output to the device's memory. */
GLYPTIC_API glyptic_error *glyptic_session_get_device_output(glyptic_session *session, const char *output,
                                                             void *address, size_t size);
/* Where an output of the run that was started last lies, until the next input is set or the next run is started. */
GLYPTIC_API glyptic_error *glyptic_session_locate_output(const glyptic_session *session, const char *output,
                                                         glyptic_memory *memory);
/* Where a state tensor lies, for as long as the session. Runs read and write it; after the caller has written there, he
 * calls glyptic_session_state_changed before the next run, for a library may keep copies of weights. */
GLYPTIC_API glyptic_error *glyptic_session_locate_state(const glyptic_session *session, const char *name,
                                                        glyptic_memory *memory);
GLYPTIC_API glyptic_error *glyptic_session_state_changed(glyptic_session *session);

/* ---- State ---- */

/* One state tensor, in ONNX's shape (as the program lists it); `size` must be its size in bytes. */
GLYPTIC_API glyptic_error *glyptic_session_read_state(const glyptic_session *session, const char *name, void *data,
                                                      size_t size);
GLYPTIC_API glyptic_error *glyptic_session_write_state(glyptic_session *session, const char *name, const void *data,
                                                       size_t size);

/* Files appear whole or not at all: written beside, then renamed. */
GLYPTIC_API glyptic_error *glyptic_session_save_state(const glyptic_session *session,
                                                      const char *path); /* .safetensors */
/* All of the program's state must be there with its type and shape; what else the file holds is ignored. */
GLYPTIC_API glyptic_error *glyptic_session_load_state(glyptic_session *session, const char *path);
/* The original model with the session's parameters and running statistics. */
GLYPTIC_API glyptic_error *glyptic_session_export_model(const glyptic_session *session, const char *path); /* .onnx */

#ifdef __cplusplus
}
#endif
#endif
