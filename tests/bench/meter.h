/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a process takes of the processor, to the microsecond; and where it runs. */

#include <sys/types.h>

/* Of all its threads, since they were started. */
double meter_cpu_us(pid_t pid);
/* Of all children of a process, theirs too, in ticks of the clock. */
double meter_cpu_children_us(pid_t pid);

/*
 * This program, and those that it starts from now on, come before whatever else the machine does at
 * the time, where that is allowed …
 */
void meter_come_first(void);
/* … and are on this processor alone, where there are several. */
void meter_place(int cpu);
