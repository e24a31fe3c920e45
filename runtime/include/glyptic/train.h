/*===- train.h - Data sets and the training loop from C ----------------------===*
 *
 * A data set holds, in memory, one array for each input and label of a program. The loop draws batches from it, runs
 * the program's `step` (or `grad` per microbatch, then `apply`), evaluates, logs and writes checkpoints. Conventions on
 * errors, ownership and threads are those of runtime.h. Nothing here is global: loops on different sessions may run at
 * the same time.
 *
 * Which samples come when depends on seed and epoch alone. A program that draws random numbers (dropout) keeps the seed
 * in its state as `training.seed`; whoever runs `step` without this loop may write it there.
 *
 *===-------------------------------------------------------------------------===*/
#ifndef GLYPTIC_TRAIN_H
#define GLYPTIC_TRAIN_H

#include "glyptic/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Data ---- */

typedef struct glyptic_dataset glyptic_dataset;

/* How many samples a file holds, without knowing the program: for schedules that end. `label` names the label array. */
GLYPTIC_API glyptic_error *glyptic_dataset_count(const char *path, const char *label, uint64_t *samples);

/* Reads `.npz`, `.csv` or `.csv.gz` for the inputs of the program's `evaluate`: those of the model, and the label.
 * Names, types, shapes and the range of integers are checked; an error names the array and tells what is expected and
 * what was found. */
GLYPTIC_API glyptic_error *glyptic_dataset_load(const char *path, const glyptic_program *program,
                                                glyptic_dataset **data);
GLYPTIC_API void glyptic_dataset_free(glyptic_dataset *data); /* NULL is allowed */
GLYPTIC_API uint64_t glyptic_dataset_samples(const glyptic_dataset *data);

/* How many of `samples` a split by `fraction` (above 0, below 1) sets aside: at least one, never all; of one none. */
GLYPTIC_API uint64_t glyptic_split_size(uint64_t samples, double fraction);
/* Moves a fraction (above 0, below 1) of the samples, chosen by `seed`, to a data set of its own; arrays are shared. */
GLYPTIC_API glyptic_error *glyptic_dataset_split(glyptic_dataset *data, double fraction, uint64_t seed,
                                                 glyptic_dataset **rest);

/* ---- The loop ---- */

typedef struct glyptic_metric {
  const char *name; /* "loss", "accuracy", ... */
  double value;
} glyptic_metric;

/* One iteration. The loss is the mean over the batch before the update. Metrics are what is measured besides. */
typedef struct glyptic_train_progress {
  int64_t step, steps;   /* this iteration, counted from 1, and the last one of this run */
  int64_t epoch, epochs; /* counted from 1 */
  int64_t samples;       /* in this batch */
  double loss, learning_rate, gradient_norm;
  double seconds;        /* that this iteration took */
  const glyptic_metric *metrics;
  size_t metric_count;
} glyptic_train_progress;

typedef struct glyptic_evaluation {
  int64_t epoch;
  uint64_t samples;
  double loss;
  const glyptic_metric *metrics; /* besides the loss */
  size_t metric_count;
} glyptic_evaluation;

/* Zero-initialise, then set what is wanted. Strings are read during the call only. */
typedef struct glyptic_train_options {
  int64_t batch;          /* samples of one update; 0: the program's largest batch */
  int64_t accumulate;     /* microbatches that a batch is computed in; 0: as many as must be */
  int64_t epochs, steps;  /* one of them is positive */
  int sequential;         /* samples in order instead of shuffled */
  uint64_t seed;
  const char *log;        /* file of JSON lines; NULL: none */
  const char *checkpoint; /* folder; NULL: no checkpoints. One is written after each epoch and when the loop stops */
  int64_t checkpoint_every; /* steps between further ones; 0: none */
  int resume;             /* go on from the folder's checkpoint if there is one */
  void *user;             /* for the callbacks, which are called on the calling thread; each may be NULL */
  void (*on_step)(void *user, const glyptic_train_progress *progress);
  void (*on_evaluation)(void *user, const glyptic_evaluation *evaluation);
  int (*should_stop)(void *user); /* asked after each iteration: not 0 ends the loop there */
} glyptic_train_options;

typedef struct glyptic_train_result {
  int64_t first_step, last_step; /* last_step is first_step - 1 where nothing was left to do */
  int64_t epochs;                /* completed, of the whole run */
  int stopped;                   /* 1 if should_stop ended it */
  double loss;                   /* of the last step, NaN where there was none */
  double seconds;                /* in steps, without evaluations and checkpoints */
  uint64_t samples;              /* in these steps */
} glyptic_train_result;

/* Trains the session's state. `valid` (may be NULL) is evaluated after each epoch and where the loop ends by itself. A
 * loss or gradient that is not finite ends it with an error before the update takes effect: the state is that of the
 * last good step, as after any other error; `result` (may be NULL) tells of the steps before it. */
GLYPTIC_API glyptic_error *glyptic_train(const glyptic_program *program, glyptic_session *session,
                                         const glyptic_dataset *data, const glyptic_dataset *valid,
                                         const glyptic_train_options *options, glyptic_train_result *result);

/* Exact means over all samples: sums over batches, divided once. `done` is called once, on the calling thread. */
GLYPTIC_API glyptic_error *glyptic_evaluate(const glyptic_program *program, glyptic_session *session,
                                            const glyptic_dataset *data,
                                            void (*done)(void *user, const glyptic_evaluation *evaluation), void *user);

#ifdef __cplusplus
}
#endif
#endif
