/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Failed logins by address. Whoever fails too often in a minute is turned away before a token is
 * looked at, until that minute is over. An IPv6 address counts by its /64, which is what one
 * customer has.
 */

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/clock.h"

typedef struct Gate Gate;

/* `max_failures` a minute; 0: no limit. */
int gate_new(uint32_t max_failures, Gate **ret);
Gate *gate_free(Gate *gate);
DEFINE_CLEANUP(Gate *, gate_free);

/* `address` as text; `now` CLOCK_BOOTTIME. */
bool gate_is_open(Gate *gate, const char *address, usec_t now);
void gate_note_failure(Gate *gate, const char *address, usec_t now);
