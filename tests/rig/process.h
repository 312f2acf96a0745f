/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A real program, started and watched by a test. What it says (standard output and error together)
 * goes to <rig>/log/<name>; one can wait for a line of it.
 */

#include "rig/rig.h"

typedef struct Process {
        char name[64];
        char log[RIG_PATH_MAX];
        pid_t pid; /* 0 once it has been waited for */
        int pidfd;
        long read; /* the log has been read up to here by process_wait_line() */
} Process;

/*
 * A program whose environment has this runs in the network namespace of that path (networks.h).
 */
#define PROCESS_NETWORK "TRING_RIG_NETWORK"

/* `argv` ends with NULL; argv[0] is looked up in PATH. Starting `name` again appends to its log. */
Process *process_start(Rig *rig, const char *name, const Environment *environment,
                       const char *const *argv);
/* Kills it if it still runs. NULL is fine. */
Process *process_free(Process *process);
DEFINE_CLEANUP(Process *, process_free);

/* The next line with `text` in it, from its `text` on; the caller frees. */
char *process_wait_line(Process *process, const char *text);
/* Whether it has said so up to now. */
bool process_has_said(const Process *process, const char *text);

void process_signal(Process *process, int number);
/* Waits until it ends by itself: the exit status, or 128 + the signal that ended it. */
int process_wait(Process *process);
/* SIGTERM, and waits; what it returns is process_wait()'s. */
int process_stop(Process *process);
/* kill -9. */
void process_kill(Process *process);

typedef struct RunResult {
        int status;      /* as of process_wait() */
        char *out, *err; /* standard output and error */
} RunResult;

/* Runs a program to its end. `input`, if not NULL, is its standard input. */
void process_run(Rig *rig, const Environment *environment, const char *const *argv,
                 const char *input, RunResult *ret);
void run_result_done(RunResult *result);

/* A NULL-terminated argv in place. */
#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})
