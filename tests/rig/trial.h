/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Measurements of time on a machine that may have something else to do. While one is made, a thread
 * of the trial sleeps again and again for a moment, and notes how late it was woken at most: so
 * late may any program have been through no fault of its own.
 *
 *      RigTrial *trial = rig_trial_new();
 *      do {
 *              rig_trial_begin(trial);
 *              took = measure();
 *      } while (!rig_trial_judge(trial, took < MAX, "it took %d ms", took));
 *      rig_trial_free(trial);
 */

#include <stdbool.h>

#include "base/cleanup.h"

typedef struct RigTrial RigTrial;

RigTrial *rig_trial_new(void);
RigTrial *rig_trial_free(RigTrial *trial); /* NULL is fine */
DEFINE_CLEANUP(RigTrial *, rig_trial_free);

/* A measurement begins. */
void rig_trial_begin(RigTrial *trial);

/*
 * A measurement has ended. Returns true if the trial is over: the result is good. A bad one ends
 * the test with this sentence if the machine kept up; if not, it counts for nothing and false is
 * returned: measure again. When that has gone on for as long as a test waits for anything, nothing
 * can be said on this machine: that is printed, and true returned.
 */
bool rig_trial_judge(RigTrial *trial, bool good, const char *format, ...)
        __attribute__((format(printf, 3, 4), warn_unused_result));
