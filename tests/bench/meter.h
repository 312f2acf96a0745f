/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The processor time of a process, to the microsecond; and where it runs. */

#include <sys/types.h>

/* Of all its threads, since they started. */
double meter_cpu_us(pid_t pid);
/* Of all descendants of a process, in clock ticks. */
double meter_cpu_children_us(pid_t pid);

/*
 * Gives this program, and those that it starts later, priority over everything else on the
 * machine, if that is allowed …
 */
void meter_come_first(void);
/* … and binds them to this processor, if there are several. */
void meter_place(int cpu);
