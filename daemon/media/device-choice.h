/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which device is used, and the sentence for a person when that changes: the chosen device, or the
 * system's default while the chosen one is missing. Pure.
 */

#include <stdbool.h>
#include <stddef.h>

typedef enum DeviceUse {
        DEVICE_UNKNOWN,  /* not checked yet */
        DEVICE_NONE,     /* there is no device of the kind */
        DEVICE_STAND_IN, /* the default one, since the chosen one is missing */
        DEVICE_DEFAULT,  /* the chosen one, or the default if none was chosen */
        DEVICE_CHOSEN,
} DeviceUse;

/* `any`: a device of the kind is there; `there`: the chosen one is. */
DeviceUse device_use(const char *chosen, bool any, bool there);

/* The node.name that a stream should aim at; empty: the default. */
const char *device_target(DeviceUse use, const char *chosen);

/*
 * A loss that is reported only after a moment: devices disappear and come back when they change
 * their profile.
 */
bool device_is_loss(DeviceUse was, DeviceUse now);

/*
 * The sentence for a change from `was` to the present use; `what` is "microphone" or "speaker".
 * Returns false if there is nothing to report.
 */
bool device_sentence(DeviceUse was, DeviceUse now, const char *what, const char *chosen, char *ret,
                     size_t size);
