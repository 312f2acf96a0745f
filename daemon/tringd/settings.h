/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * tringd.conf, an INI file (base/ini-table.h):
 *
 *         [hub]
 *         insecure = no          allows plain ws:// to hubs on other machines: others on the
 *                                network can then listen in and log in as you
 *         [ring]
 *         sound = FILE           instead of phone-incoming-call of the sound theme
 *         volume = 0.8           0 to 1, or 80%, of ring and ring-back
 *         device = NODE          PipeWire node.name to ring on, or * for all speakers; may be given
 *                                several times; default: the system's
 *         ring-back = yes        plays a tone to the caller while the call rings
 *         [media]
 *         microphone = NODE      PipeWire node.name, for calls without one of their own;
 *         speaker = NODE         default: the system's
 *         camera = NODE
 *         echo-cancel = auto     removes the sound of the speaker from that of the microphone: auto
 *                                (unless the speaker is a headset), yes or no
 *         relay-only = no        sends media through TURN servers only: the others in a call do not
 *                                learn our address. Counts as yes while the file cannot be read
 *
 * A value that a program writes to org.tring.Calls1.Devices replaces the one here.
 */

#include <stdbool.h>

#include "phone/phone.h"
#include "wire/worker.h"

#define SETTINGS_KEYS 10       /* in all sections */
#define SETTINGS_PATH_MAX 4095 /* bytes of a sound file's path: PATH_MAX of the kernel */

#define RING_DEVICES_MAX 8 /* more than any machine has */

typedef struct NodeNames {
        char names[RING_DEVICES_MAX][NODE_NAME_MAX + 1];
        size_t n;
} NodeNames;

typedef struct Settings {
        bool insecure;
        char ring_sound[SETTINGS_PATH_MAX + 1]; /* empty: the theme's */
        double ring_volume;
        NodeNames ring_devices; /* none: the system's; "*": all */
        bool ring_back;
        char devices[DEVICE_KIND_COUNT][NODE_NAME_MAX + 1];
        EchoCancel echo_cancel;
        bool relay_only;
} Settings;

void settings_defaults(Settings *settings);

/*
 * Reads the file; a missing file yields the defaults. Returns 0; or, with a sentence in
 * *ret_text that names file, line and key of the first error (the caller frees it; NULL when out of
 * memory; the log gets the others), -EINVAL if some lines are wrong and all others are in *ret, or
 * an errno of reading with the defaults in *ret. Settings that protect are on in both cases if
 * nobody can say what the file wants of them.
 */
int settings_load(const char *path, Settings *ret, char **ret_text);

/*
 * Replaces the value of one key that settings_load() has read. An empty value means the default; a
 * key that may be given several times takes one value per line. Returns false and uses the default
 * if the value is invalid.
 */
bool settings_replace(Settings *settings, const char *section, const char *name, const char *value);

/* Formats a volume as settings_load() reads it: no decimal comma. Returns the buffer. */
#define SETTINGS_VOLUME_SIZE 16
const char *settings_volume(double volume, char buffer[static SETTINGS_VOLUME_SIZE]);
