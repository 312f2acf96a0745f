/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Decides which device is used (the chosen one, or the system's default while that is missing), and
 * words the sentence for a person when this changes. Pure.
 */

#include <stdbool.h>
#include <stddef.h>

typedef enum DeviceUse {
        DEVICE_UNKNOWN,  /* not checked yet */
        DEVICE_NONE,     /* there is no device of the kind */
        DEVICE_STAND_IN, /* the default device, since the chosen one is missing */
        DEVICE_DEFAULT,  /* the default device, since none is chosen */
        DEVICE_CHOSEN,
} DeviceUse;

/* `any`: there is a device of the kind; `there`: the chosen device is present. */
DeviceUse device_use(const char *chosen, bool any, bool there);

/*
 * Returns the node.name that a stream should connect to; empty: the default device. `instead` is
 * used in place of the default device, unless it is empty.
 */
const char *device_target(DeviceUse use, const char *chosen, const char *instead);

/*
 * Whether the change is a loss. Losses are reported only after a moment: a device disappears and
 * comes back when its profile changes.
 */
bool device_is_loss(DeviceUse was, DeviceUse now);

/*
 * Words the sentence for a change from `was` to `now`; `what` is "microphone" or "speaker". Returns
 * false if there is nothing to report.
 */
bool device_sentence(DeviceUse was, DeviceUse now, const char *what, const char *chosen, char *ret,
                     size_t size);
