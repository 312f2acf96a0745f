/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The list of the microphones, speakers and cameras in PipeWire, with the system's defaults; it
 * follows hot-plug and changes of the defaults. Our own nodes are left out.
 *
 * Call these functions in the thread of the core's loop, or under its lock.
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

/* Called in the loop's thread. The callback must not free the registry. */
typedef void (*DeviceRegistryChanged)(void *userdata);

/* Returns 0 or negative errno. Devices arrive later; after a sync of the core, all are known. */
int device_registry_new(struct pw_core *core, DeviceRegistryChanged changed, void *userdata,
                        DeviceRegistry **ret);
/* Call it before the core is destroyed. */
DeviceRegistry *device_registry_free(DeviceRegistry *registry);
DEFINE_CLEANUP(DeviceRegistry *, device_registry_free);

/* Returns the device at index `i`, in order of arrival; NULL beyond the last. */
const MediaDevice *device_registry_at(DeviceRegistry *registry, DeviceKind kind, size_t i);
/* Finds a device by its node.name; NULL: it is missing. */
const MediaDevice *device_registry_find(DeviceRegistry *registry, DeviceKind kind,
                                        const char *name);
/* Returns the system's default device; NULL: none. */
const MediaDevice *device_registry_default(DeviceRegistry *registry, DeviceKind kind);
/*
 * Whether the system's default microphone is the monitor of a speaker: what the speaker plays.
 * Session managers fall back to one when there is no microphone, or nothing is plugged into the
 * jack.
 */
bool device_registry_default_is_monitor(DeviceRegistry *registry);
/*
 * Whether somebody has set the system's default of this kind, rather than the session manager
 * picking it.
 */
bool device_registry_default_is_wish(const DeviceRegistry *registry, DeviceKind kind);
