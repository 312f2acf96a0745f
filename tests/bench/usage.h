/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The resources that a live process uses, from /proc/<pid>/. A missing process ends the bench. */

#include <sys/types.h>

double usage_cpu_s(pid_t pid); /* user and system, since it started */
double usage_pss_kib(pid_t pid);
double usage_private_dirty_kib(pid_t pid);
unsigned usage_threads(pid_t pid);
unsigned usage_descriptors(pid_t pid);
/* How often its threads have gone to sleep voluntarily, which is as often as they were woken. */
double usage_wakeups(pid_t pid);
