/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Gets the calls on this device, and chooses the one that a command is about.
 *
 * A call is a JSON object: `path`, the properties of org.tring.Calls1.Call in snake_case, and, once
 * answered, `session` with the properties of org.tring.Calls1.Session.
 */

#include "bus.h"

/*
 * Gets an array of all calls on this device, including finished ones still shown. Prints errors;
 * returns an exit code.
 */
int call_list_fetch(sd_bus *bus, cJSON **ret);
/* Gets the current state of one call. Prints errors; returns an exit code. */
int call_list_fetch_one(sd_bus *bus, const char *path, cJSON **ret);

/* Which calls a command applies to when no id is given. */
typedef struct CallChoice {
        bool (*fits)(const cJSON *call);
        const char *none; /* message if no call fits */
} CallChoice;

bool call_rings_here(const cJSON *call);
bool call_is_ongoing(const cJSON *call);
bool call_can_be_hung_up(const cJSON *call); /* ongoing, or outgoing and still ringing */

/*
 * Gets the only call whose session id begins with `wanted` or, if `wanted` is NULL, the only call
 * that fits. Returns an exit code, after printing what is wrong; if several calls fit, it lists
 * them.
 */
int call_list_choose(sd_bus *bus, const char *wanted, const CallChoice *choice, cJSON **ret);
