/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Each change of the hub's history has a number, higher than that of every change before. Devices
 * catch up by it: they store the number of the last change that they were told of, and ask for what
 * came later.
 *
 * A number is made from the date (CLOCK_REALTIME, microseconds), but it is no date: the hub's clock
 * may be ahead and be set right again, and the numbers then go on from where they were. So only a
 * number that a change has may be given out as "known until here"; the current date may not, since
 * a later change could get a lower number.
 */

#include "base/clock.h"

/* The number for a change that is made at `date`; `last` is that of the change before. */
usec_t change_number_next(usec_t last, usec_t date);

/*
 * `since` is the last number that a device says it was told, `last` is the hub's last number. If
 * `since` is higher, this history did not give it out: the history was restored from a copy or
 * started over, or an older hub gave out its clock. Then the device is told everything (0).
 */
usec_t change_number_since(usec_t since, usec_t last);
