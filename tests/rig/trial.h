/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Measurements of time on a machine that may be busy. During a measurement a thread of the trial
 * sleeps briefly again and again, and notes how late it woke at most: any program may have been
 * that late through no fault of its own.
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
RigTrial *rig_trial_free(RigTrial *trial); /* `trial` may be NULL */
DEFINE_CLEANUP(RigTrial *, rig_trial_free);

/* Begins a measurement. */
void rig_trial_begin(RigTrial *trial);

/*
 * Ends a measurement. Returns true if the trial is over, with a good result. A bad result ends the
 * test with this sentence if the machine kept up; if it did not, the measurement does not count,
 * and false asks for another. After as long as a test waits for anything, it prints that this
 * machine gives no result, and returns true.
 */
bool rig_trial_judge(RigTrial *trial, bool good, const char *format, ...)
        __attribute__((format(printf, 3, 4), warn_unused_result));
