/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The lists of microphones, speakers and cameras. The process `tring-media devices` reports them;
 * it runs only while a program wants to know. If it ends by itself, it is started again after a
 * delay that grows each time.
 *
 * Events come from the loop, never from inside a function called here.
 */

#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "wire/devices.h"

/* Long enough that a script which soon reads again finds the process running. */
#define DEVICES_LINGER_US (30 * USEC_PER_SEC)

typedef struct DeviceWatch DeviceWatch;

typedef struct DeviceWatchEvents {
        /* `kinds` has the bit 1 << DeviceKind of each list that has changed. */
        void (*changed)(void *userdata, unsigned kinds);
        /* The lists are known, or stay empty because the process failed. */
        void (*known)(void *userdata);
} DeviceWatchEvents;

/* `program` is tring-media, `folder` holds the socket; NULL: the lists stay unknown. */
int device_watch_new(sd_event *event, const char *program, const char *folder,
                     const DeviceWatchEvents *events, void *userdata, DeviceWatch **ret);
DeviceWatch *device_watch_free(DeviceWatch *devices);
DEFINE_CLEANUP(DeviceWatch *, device_watch_free);

/* Starts the watch; false: ends it DEVICES_LINGER_US from now. */
void device_watch_start(DeviceWatch *devices, bool on);

/* Whether device_watch_list() is up to date. */
bool device_watch_known(const DeviceWatch *devices);
const DeviceList *device_watch_list(const DeviceWatch *devices, DeviceKind kind);
