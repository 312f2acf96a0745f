/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The system's default devices, as PipeWire's metadata "default" has them: those in force, and
 * those that somebody has set. Pure.
 */

#include <stdbool.h>

#include "base/str.h"
#include "model/session-types.h"

typedef struct DeviceDefaults {
        char names[DEVICE_KIND_COUNT][NODE_NAME_MAX + 1];  /* node.name; empty: none */
        char wishes[DEVICE_KIND_COUNT][NODE_NAME_MAX + 1]; /* set by somebody; empty: none */
} DeviceDefaults;

/*
 * Takes a property of the metadata's subject 0. `value` NULL: it is gone; `key` NULL: all are.
 * Returns whether a default or a wish has changed.
 */
bool device_defaults_take(DeviceDefaults *defaults, const char *key, const char *value);
/* Whether somebody has set the default of this kind, rather than the session manager picking it. */
bool device_defaults_is_wish(const DeviceDefaults *defaults, DeviceKind kind);
