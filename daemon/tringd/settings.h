/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * tringd.conf, an INI file:
 *
 *         [hub]
 *         insecure = no          plain ws:// to hubs on other machines too: anybody on the way can
 *                                listen in and log in as you
 *         [ring]
 *         sound = FILE           in place of the sound theme's phone-incoming-call
 *         volume = 0.8           0 to 1, of ring and ring-back
 *         device = NODE          PipeWire node.name to ring on; default: the system's
 *         ring-back = yes        the tone for the caller
 *         [media]
 *         microphone = NODE      PipeWire node.name, for calls that do not say; default: the
 *         speaker = NODE         system's
 *         relay-only = no        media through TURN servers alone: whoever is in a call with us
 *                                does not learn our address
 */

#include <stdbool.h>

#include "call/phone.h"

#define SETTINGS_KEYS 8       /* in all sections */
#define SETTINGS_PATH_MAX 255 /* bytes of a sound file's path: inih's lines have 200 */

typedef struct Settings {
        bool insecure;
        char ring_sound[SETTINGS_PATH_MAX + 1]; /* empty: the theme's */
        double ring_volume;
        char ring_device[NODE_NAME_MAX + 1]; /* empty: the system's */
        bool ring_back;
        char microphone[NODE_NAME_MAX + 1], speaker[NODE_NAME_MAX + 1];
        bool relay_only;
} Settings;

void settings_defaults(Settings *settings);

/*
 * Reads the file; one that is not there is fine. Returns 0; or, with the defaults in *ret and a
 * sentence in *ret_text (the caller frees) that names file, line and key: -EINVAL, or what open
 * says.
 */
int settings_load(const char *path, Settings *ret, char **ret_text);
