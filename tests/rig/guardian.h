/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The process that cleans up after a rig, however the test ends; see rig.h. */

#include <sys/types.h>

#define GUARDIAN_MARK "TRING_RIG" /* in the environment of all programs of a rig: its folder */

/* `*ret_lifeline` is for guardian_dismiss(); if it closes before that, the test has died. */
pid_t guardian_start(const char *dir, int *ret_lifeline);
/* The test is over: cleans up, and returns when everything is gone. */
void guardian_dismiss(pid_t guardian, int lifeline);
