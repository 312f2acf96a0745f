/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/device-defaults.h"

#include <spa/utils/json.h>
#include <string.h>

#include "base/cleanup.h"

static const char *const default_keys[DEVICE_KIND_COUNT] = {
        [DEVICE_MICROPHONE] = "default.audio.source",
        [DEVICE_SPEAKER] = "default.audio.sink",
        [DEVICE_CAMERA] = "default.video.source",
};

static const char *const wish_keys[DEVICE_KIND_COUNT] = {
        [DEVICE_MICROPHONE] = "default.configured.audio.source",
        [DEVICE_SPEAKER] = "default.configured.audio.sink",
        [DEVICE_CAMERA] = "default.configured.video.source",
};

/* Reads the node.name out of {"name":"…"}; empty: none. */
static void read_default(const char *value, char ret[static NODE_NAME_MAX + 1])
{
        struct spa_json outer, object;
        char key[16], name[NODE_NAME_MAX + 1];

        ret[0] = '\0';
        if (!value)
                return;
        spa_json_init(&outer, value, strlen(value));
        if (spa_json_enter_object(&outer, &object) <= 0)
                return;
        while (spa_json_get_string(&object, key, sizeof(key)) > 0) {
                if (spa_json_get_string(&object, name, sizeof(name)) <= 0)
                        return;
                if (str_eq(key, "name"))
                        memcpy(ret, name, sizeof(name));
        }
}

static bool take(const char *value, char ret[static NODE_NAME_MAX + 1])
{
        char name[NODE_NAME_MAX + 1];

        read_default(value, name);
        if (str_eq(name, ret))
                return false;
        memcpy(ret, name, sizeof(name));
        return true;
}

bool device_defaults_take(DeviceDefaults *defaults, const char *key, const char *value)
{
        bool changed = false;

        if (!key)
                value = NULL;
        for (size_t i = 0; i < DEVICE_KIND_COUNT; i++) {
                if (!key || str_eq(key, default_keys[i]))
                        changed |= take(value, defaults->names[i]);
                if (!key || str_eq(key, wish_keys[i]))
                        changed |= take(value, defaults->wishes[i]);
        }
        return changed;
}

bool device_defaults_is_wish(const DeviceDefaults *defaults, DeviceKind kind)
{
        return !str_empty(defaults->wishes[kind]) &&
               str_eq(defaults->names[kind], defaults->wishes[kind]);
}
