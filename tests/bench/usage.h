/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a process that lives takes of the machine, out of /proc/<pid>/. One that is gone ends the
 * bench.
 */

#include <sys/types.h>

double usage_cpu_s(pid_t pid); /* user and system, since it began */
double usage_pss_kib(pid_t pid);
double usage_private_dirty_kib(pid_t pid);
unsigned usage_threads(pid_t pid);
unsigned usage_descriptors(pid_t pid);
/* How often any thread of it has gone to sleep of its own accord: as often as it was woken. */
double usage_wakeups(pid_t pid);
