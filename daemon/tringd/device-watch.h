/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What microphones, speakers and cameras there are, as `tring-media devices` tells it: a process
 * that runs only while somebody wants to know. One that ends by itself is started again, later each
 * time.
 *
 * Events come from the loop, never from inside a function called here.
 */

#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "wire/devices.h"

/* A script that looks again soon finds it running. */
#define DEVICES_LINGER_US (30 * USEC_PER_SEC)

typedef struct DeviceWatch DeviceWatch;

typedef struct DeviceWatchEvents {
        /* These lists are others: bits 1 << DeviceKind. */
        void (*changed)(void *userdata, unsigned kinds);
        /* It is known what there is, or that it cannot be known: whoever waits is to be answered.
         */
        void (*known)(void *userdata);
} DeviceWatchEvents;

/* `program` is tring-media, `folder` holds the socket; NULL: nothing will be known. */
int device_watch_new(sd_event *event, const char *program, const char *folder,
                     const DeviceWatchEvents *events, void *userdata, DeviceWatch **ret);
DeviceWatch *device_watch_free(DeviceWatch *devices);
DEFINE_CLEANUP(DeviceWatch *, device_watch_free);

/* From now on it is watched; false: until DEVICES_LINGER_US from now. */
void device_watch_start(DeviceWatch *devices, bool on);

/* What device_watch_list() says is so. */
bool device_watch_known(const DeviceWatch *devices);
const DeviceList *device_watch_list(const DeviceWatch *devices, DeviceKind kind);
