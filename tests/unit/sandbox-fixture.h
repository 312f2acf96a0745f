/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Tries things in the sandbox of tring-media, each in a process of its own. */

#include <errno.h>

#define NO_SANDBOX 120 /* exit codes of a child; smaller ones are an errno */
#define DONE 0

static inline int outcome(long r)
{
        return r < 0 ? errno : DONE;
}

/* The result of `act` in a sandbox: 0, its errno, or 256 + the signal that ended it. */
int in_sandbox(unsigned needs, int (*act)(void));

/*
 * What opening a file gives that the sandbox does not name: EACCES. A kernel without Landlock
 * cannot tell one file from another, and a sanitizer's report reads sources: then DONE.
 */
int sandbox_refusal_of_files(void);
