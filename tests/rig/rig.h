/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A place for one test or bench to run real programs in: a folder of its own under /tmp, an event
 * loop that all its D-Bus connections share, and a guardian.
 *
 * Nothing outlives a rig. Every program that it starts carries TRING_RIG=<folder> in its
 * environment; the guardian, a process of its own, notices when the test is over or dead, kills
 * whatever carries that mark (workers of workers too), shows the programs' last words if the test
 * did not come to its end, and removes the folder.
 *
 * What goes wrong in a rig ends the test at once by rig_fail(): functions here have no error to
 * return. Nothing sleeps: waiting is for an event, and no longer than rig_deadline() allows.
 */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define RIG_PATH_MAX 256

typedef struct Rig {
        char dir[RIG_PATH_MAX]; /* 0700; also holds log/, one file for each program */
        sd_event *event;
        int lifeline; /* open as long as the test lives: the guardian reads its other end */
        pid_t guardian;
} Rig;

Rig *rig_new(void);
/* Also says that the test has come to its end. NULL is fine. */
Rig *rig_free(Rig *rig);
DEFINE_CLEANUP(Rig *, rig_free);

/* Says what is wrong and ends the test (in Check's fork mode: this one alone). */
#define rig_fail(...) rig_fail_at(__FILE__, __LINE__, __VA_ARGS__)
void rig_fail_at(const char *file, int line, const char *format, ...)
        __attribute__((format(printf, 3, 4), noreturn));

/*
 * CLOCK_BOOTTIME at which waiting that begins now has been too long: 60 s, or as many as
 * $TRING_RIG_PATIENCE says (sanitizers make programs slow). Only for what must come: a busy machine
 * is late with everything.
 */
usec_t rig_deadline(void);
/* The same as a time from now. */
int rig_patience_ms(void);
/* What is left until then, for poll(2): 0 when it has passed. */
int rig_remaining_ms(usec_t deadline);

/* Handles one event, or fails when `deadline` passes first; `what` is what one waits for. */
void rig_run_once(Rig *rig, usec_t deadline, const char *what);
/* Handles events for a while: for showing that something does not happen. */
void rig_run_for(Rig *rig, usec_t duration);

/* printf into `ret`, a path of RIG_PATH_MAX bytes. */
void rig_path(char ret[static RIG_PATH_MAX], const char *format, ...)
        __attribute__((format(printf, 2, 3)));
void rig_mkdir(const char *path);
void rig_write_file(const char *path, const char *content, unsigned mode);
char *rig_read_file(const char *path); /* the caller frees; NULL when there is none */

/* Memory or the end of the test. */
void *rig_alloc(size_t size);
char *rig_strdup(const char *s);
/* 0 or more, or the end of the test. */
int rig_check(int r, const char *what);

/* ---- the environment of a program ---- */

typedef struct Environment {
        char **entries; /* NULL-terminated "KEY=value" */
        size_t count;
} Environment;

/*
 * What every program of the rig gets: PATH, the locale, the sanitizers' options and TRING_* of the
 * test's own environment, the mark of the rig, and nothing else.
 */
void environment_init(Environment *environment, const Rig *rig);
void environment_done(Environment *environment);
void environment_copy(Environment *environment, const Environment *from);
void environment_set(Environment *environment, const char *key, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
const char *environment_get(const Environment *environment, const char *key);

/* The path of a program under test, from $TRING_RIG_<NAME> (TRINGD, HUB, CTL, …): meson sets it. */
const char *rig_program(const char *name);
