/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/settings.h"

#include <errno.h>
#include <locale.h>

#include "base/ini-table.h"
#include "base/str.h"

static bool set_bool(const IniKey *key, void *target, const char *value)
{
        bool yes = str_eq(value, "yes") || str_eq(value, "true");

        if (!yes && !str_eq(value, "no") && !str_eq(value, "false"))
                return false;
        *(bool *)target = yes;
        return true;
}

/* Uses the C locale, since strtod() expects the decimal comma of the user's locale. */
static bool set_volume(const IniKey *key, void *target, const char *value)
{
        static const char c_locale[] = "C";
        locale_t locale = newlocale(LC_NUMERIC_MASK, c_locale, (locale_t)0);
        char *end;

        if (!locale)
                return false;
        double volume = strtod_l(value, &end, locale);
        freelocale(locale);
        if (end == value || *end || !(volume >= 0 && volume <= 1))
                return false;
        *(double *)target = volume;
        return true;
}

static bool set_text(const IniKey *key, void *target, const char *value)
{
        return text_is_valid(value, key->size - 1) && str_copy(target, key->size, value) >= 0;
}

static bool set_path(const IniKey *key, void *target, const char *value)
{
        return value[0] == '/' && set_text(key, target, value);
}

/* Adds a device each time the key is set. */
static bool add_node(const IniKey *key, void *target, const char *value)
{
        NodeNames *nodes = target;

        if (str_empty(value) || nodes->n == RING_DEVICES_MAX ||
            !text_is_valid(value, sizeof(nodes->names[0]) - 1))
                return false;
        return STR_SET(nodes->names[nodes->n++], value) >= 0;
}

static bool set_echo_cancel(const IniKey *key, void *target, const char *value)
{
        return echo_cancel_from_string(value, target) >= 0;
}

/* A repeated key replaces the value, or adds to a list. */
#define KEY(section, name, set, member, wants)                                     \
        {                                                                          \
                section, name, set, offsetof(Settings, member),                    \
                        sizeof(((Settings *)NULL)->member), wants, .repeats = true \
        }

static const IniKey keys[] = {
        KEY("hub", "insecure", set_bool, insecure, "yes or no"),
        KEY("ring", "sound", set_path, ring_sound, "the absolute path of a sound file"),
        KEY("ring", "volume", set_volume, ring_volume, "a number from 0 to 1"),
        KEY("ring", "device", add_node, ring_devices, "one of up to 8 PipeWire node.names"),
        KEY("ring", "ring-back", set_bool, ring_back, "yes or no"),
        KEY("media", "microphone", set_text, devices[DEVICE_MICROPHONE], "a PipeWire node.name"),
        KEY("media", "speaker", set_text, devices[DEVICE_SPEAKER], "a PipeWire node.name"),
        KEY("media", "camera", set_text, devices[DEVICE_CAMERA], "a PipeWire node.name"),
        KEY("media", "echo-cancel", set_echo_cancel, echo_cancel, "auto, yes or no"),
        KEY("media", "relay-only", set_bool, relay_only, "yes or no"),
};

_Static_assert(ELEMENTSOF(keys) == SETTINGS_KEYS, "the manual has one entry for each");

void settings_defaults(Settings *settings)
{
        *settings = (Settings){.ring_volume = 1, .ring_back = true};
}

static void keep_first(const char *sentence, void *userdata)
{
        char **text = userdata;

        if (!*text)
                *text = strdup(sentence);
}

int settings_load(const char *path, Settings *ret, char **ret_text)
{
        Settings loaded;
        _cleanup_free_ char *text = NULL;
        IniFile ini = {
                .path = path,
                .keys = keys,
                .n_keys = ELEMENTSOF(keys),
                .target = &loaded,
                .report = keep_first,
                .userdata = &text,
        };

        settings_defaults(ret);
        settings_defaults(&loaded);
        int r = path ? ini_file_read(&ini) : -ENOENT;
        if (r >= 0)
                *ret = loaded;
        if (r >= 0 || r == -ENOENT)
                return 0;
        *ret_text = TAKE_PTR(text);
        return r;
}

static void set_default(Settings *settings, const IniKey *key)
{
        Settings defaults;

        settings_defaults(&defaults);
        memcpy(ini_key_target(key, settings), ini_key_target(key, &defaults), key->size);
}

static bool set_lines(Settings *settings, const IniKey *key, const char *value)
{
        _cleanup_free_ char *copy = strdup(value);
        char *rest = copy, *line;

        if (!copy)
                return false;
        while ((line = strsep(&rest, "\n")))
                if (!key->set(key, ini_key_target(key, settings), line))
                        return false;
        return true;
}

bool settings_replace(Settings *settings, const char *section, const char *name, const char *value)
{
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                if (!str_eq(keys[i].section, section) || !str_eq(keys[i].name, name))
                        continue;
                set_default(settings, &keys[i]);
                if (str_empty(value) || set_lines(settings, &keys[i], value))
                        return true;
                set_default(settings, &keys[i]);
        }
        return false;
}

/* Prints integers, since printf() uses the decimal comma of the user's locale. */
const char *settings_volume(double volume, char buffer[static SETTINGS_VOLUME_SIZE])
{
        unsigned thousandths = (unsigned)(volume * 1000 + 0.5);

        snprintf(buffer, SETTINGS_VOLUME_SIZE, "%u.%03u", thousandths / 1000, thousandths % 1000);
        return buffer;
}
