/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The calls on this device, and which of them a command means.
 *
 * A call is a JSON object: `path`, the properties of org.tring.Calls1.Call in snake_case, and, once
 * answered, `session` with those of org.tring.Calls1.Session.
 */

#include "bus.h"

/* An array of all calls on this device, finished ones that are still shown included. Exit code. */
int call_list_fetch(sd_bus *bus, cJSON **ret);
/* One call, as it is now. */
int call_list_fetch_one(sd_bus *bus, const char *path, cJSON **ret);

/* What a call must be for a command to mean it without being told. */
typedef struct CallChoice {
        bool (*fits)(const cJSON *call);
        const char *none; /* the sentence for: there is no such call */
} CallChoice;

bool call_rings_here(const cJSON *call);
bool call_is_ongoing(const cJSON *call);
bool call_can_be_hung_up(const cJSON *call); /* ongoing, or one's own that still rings */

/*
 * The call with that session id, or the only one whose id begins with `wanted`; where `wanted` is
 * NULL, the only one that fits. Returns an exit code, after saying what is wrong: several are
 * listed.
 */
int call_list_choose(sd_bus *bus, const char *wanted, const CallChoice *choice, cJSON **ret);
