/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The microphones, speakers and cameras of a PipeWire, kept up to date: hot-plug and the system's
 * defaults. Our own nodes are left out.
 *
 * Everything is called in the thread of the core's loop, or under its lock.
 */

#include <pipewire/pipewire.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "model/session-types.h"

typedef struct MediaDevice {
        char name[NODE_NAME_MAX + 1];
        char description[NAME_MAX_BYTES]; /* for people */
        bool headset;                     /* worn on the head: it causes no echo */
} MediaDevice;

typedef struct DeviceRegistry DeviceRegistry;

/* Called in the loop's thread. It may not free the registry. */
typedef void (*DeviceRegistryChanged)(void *userdata);

/* Returns 0 or negative errno. Devices come in later; after a sync of the core all are there. */
int device_registry_new(struct pw_core *core, DeviceRegistryChanged changed, void *userdata,
                        DeviceRegistry **ret);
/* Call it before the core is destroyed. */
DeviceRegistry *device_registry_free(DeviceRegistry *registry);
DEFINE_CLEANUP(DeviceRegistry *, device_registry_free);

/* In the order of arrival; NULL beyond the last. */
const MediaDevice *device_registry_at(DeviceRegistry *registry, DeviceKind kind, size_t i);
/* By node.name; NULL: not there. */
const MediaDevice *device_registry_find(DeviceRegistry *registry, DeviceKind kind,
                                        const char *name);
/* The system's choice; NULL: there is none. */
const MediaDevice *device_registry_default(DeviceRegistry *registry, DeviceKind kind);
