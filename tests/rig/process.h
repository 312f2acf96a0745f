/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A real program that a test starts and watches. Its output (standard output and error together)
 * goes to <rig>/log/<name>; tests can wait for a line of it.
 */

#include "rig/rig.h"

typedef struct Process {
        char name[64];
        char log[RIG_PATH_MAX];
        pid_t pid; /* 0 once it has been waited for */
        int pidfd;
        long read; /* process_wait_line() has read the log up to here */
} Process;

/* A program with this in its environment runs in that network namespace (networks.h). */
#define PROCESS_NETWORK "TRING_RIG_NETWORK"

/* `argv` ends with NULL; argv[0] is looked up in PATH. Starting `name` again appends to its log. */
Process *process_start(Rig *rig, const char *name, const Environment *environment,
                       const char *const *argv);
/* Kills it if it still runs. `process` may be NULL. */
Process *process_free(Process *process);
DEFINE_CLEANUP(Process *, process_free);

/* Waits for the next line that contains `text`; returns it from `text` on. The caller frees. */
char *process_wait_line(Process *process, const char *text);
/* Whether the log contains `text`. */
bool process_has_said(const Process *process, const char *text);

void process_signal(Process *process, int number);
/* Waits until it exits by itself: returns the exit status, or 128 + the signal. */
int process_wait(Process *process);
/* Sends SIGTERM and waits; returns as process_wait(). */
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

/* A NULL-terminated argv, inline. */
#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})
