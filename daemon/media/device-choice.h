/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which device is used, and what a person is told of it: the one that was chosen, or the system's
 * default while there is no chosen one. Pure.
 */

#include <stdbool.h>
#include <stddef.h>

typedef enum DeviceUse {
        DEVICE_UNKNOWN,  /* not looked yet */
        DEVICE_NONE,     /* there is no device of the kind */
        DEVICE_STAND_IN, /* the default one: the chosen one is not there */
        DEVICE_DEFAULT,  /* as nothing was chosen */
        DEVICE_CHOSEN,
} DeviceUse;

/* `any`: a device of the kind is there; `there`: the chosen one is. */
DeviceUse device_use(const char *chosen, bool any, bool there);

/* The node.name that a stream should aim at; empty: the default. */
const char *device_target(DeviceUse use, const char *chosen);

/* Something to wait a moment for before it is said: devices go and come back when they change
 * their profile. */
bool device_is_loss(DeviceUse was, DeviceUse now);

/*
 * What is to be told when it `was` so and is so now; `what` is "microphone" or "speaker". False:
 * nothing, all is well or as it was.
 */
bool device_sentence(DeviceUse was, DeviceUse now, const char *what, const char *chosen, char *ret,
                     size_t size);
