/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A place in which one test or bench runs real programs: a folder under /tmp, an event loop for all
 * its D-Bus connections, and a guardian.
 *
 * Nothing outlives a rig. Each program that it starts has TRING_RIG=<folder> in its environment.
 * The guardian, a separate process, notices when the test is over or dead, kills all processes with
 * that mark (workers of workers too), shows the ends of their logs if the test did not reach its
 * end, and removes the folder.
 *
 * Functions here return no errors: a failure ends the test at once by rig_fail(). Nothing sleeps:
 * waits are for an event, and no longer than rig_deadline() allows.
 */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define RIG_PATH_MAX 256

typedef struct Rig {
        char dir[RIG_PATH_MAX]; /* 0700; also holds log/, one file for each program */
        sd_event *event;
        int lifeline; /* open while the test lives; the guardian reads the other end */
        pid_t guardian;
} Rig;

Rig *rig_new(void);
/* Also reports that the test has reached its end. `rig` may be NULL. */
Rig *rig_free(Rig *rig);
DEFINE_CLEANUP(Rig *, rig_free);

/* Prints what is wrong and ends the test (in Check's fork mode, this test only). */
#define rig_fail(...) rig_fail_at(__FILE__, __LINE__, __VA_ARGS__)
void rig_fail_at(const char *file, int line, const char *format, ...)
        __attribute__((format(printf, 3, 4), noreturn));

/*
 * The CLOCK_BOOTTIME at which a wait that begins now has taken too long: after 60 s, or
 * $TRING_RIG_PATIENCE seconds (sanitizers make programs slow). Only for events that must come: on a
 * busy machine everything is late.
 */
usec_t rig_deadline(void);
/* The same as a time from now. */
int rig_patience_ms(void);
/* The time left, for poll(2); 0 when the deadline has passed. */
int rig_remaining_ms(usec_t deadline);

/* Handles one event, or fails when `deadline` passes first; `what` names what is waited for. */
void rig_run_once(Rig *rig, usec_t deadline, const char *what);
/* Handles events for a while, to show that something does not happen. */
void rig_run_for(Rig *rig, usec_t duration);

/* Prints into `ret`, a path of RIG_PATH_MAX bytes. */
void rig_path(char ret[static RIG_PATH_MAX], const char *format, ...)
        __attribute__((format(printf, 2, 3)));
void rig_mkdir(const char *path);
void rig_write_file(const char *path, const char *content, unsigned mode);
char *rig_read_file(const char *path); /* the caller frees; NULL if there is no such file */

/* Never return NULL: they end the test instead. */
void *rig_alloc(size_t size);
char *rig_strdup(const char *s);
/* Returns `r`; a negative one ends the test. */
int rig_check(int r, const char *what);

/* ---- the environment of a program ---- */

typedef struct Environment {
        char **entries; /* NULL-terminated "KEY=value" */
        size_t count;
} Environment;

/*
 * The environment of all programs of the rig: PATH, locale, sanitizer options and TRING_* of the
 * test's environment, the mark of the rig, and nothing else.
 */
void environment_init(Environment *environment, const Rig *rig);
void environment_done(Environment *environment);
void environment_copy(Environment *environment, const Environment *from);
void environment_set(Environment *environment, const char *key, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
const char *environment_get(const Environment *environment, const char *key);

/* The path of a program under test, from $TRING_RIG_<NAME> (TRINGD, HUB, CTL, …), set by meson. */
const char *rig_program(const char *name);
