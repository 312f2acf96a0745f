/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/settings.h"

#include <errno.h>

#include "base/ini-values.h"
#include "base/log.h"
#include "base/str.h"

/* Empty: the system's default. */
static bool set_node(const IniKey *key, void *target, const char *value)
{
        return text_is_valid(value, key->size - 1) && str_copy(target, key->size, value) >= 0;
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
        bool yes;

        if (bool_from_word(value, &yes) >= 0)
                *(EchoCancel *)target = yes ? ECHO_CANCEL_YES : ECHO_CANCEL_NO;
        else if (str_eq_any_case(value, "auto"))
                *(EchoCancel *)target = ECHO_CANCEL_AUTO;
        else
                return false;
        return true;
}

#define KEY(section, name, set, member, wants, ...)                              \
        {                                                                        \
                section, name, set, offsetof(Settings, member),                  \
                        sizeof(((Settings *)NULL)->member), wants, ##__VA_ARGS__ \
        }
#define BOOL(section, name, member, ...) \
        KEY(section, name, ini_set_bool, member, INI_WANTS_BOOL, ##__VA_ARGS__)
#define NODE(section, name, member) \
        KEY(section, name, set_node, member, "a PipeWire node.name", .is_text = true)

static const IniKey keys[] = {
        BOOL("hub", "insecure", insecure, .if_unreadable = "no"),
        KEY("ring", "sound", ini_set_absolute_path, ring_sound, INI_WANTS_PATH, .is_text = true),
        KEY("ring", "volume", ini_set_share, ring_volume, INI_WANTS_SHARE),
        KEY("ring", "device", add_node, ring_devices, "one of up to 8 PipeWire node.names",
            .is_list = true, .is_text = true),
        BOOL("ring", "ring-back", ring_back),
        NODE("media", "microphone", devices[DEVICE_MICROPHONE]),
        NODE("media", "speaker", devices[DEVICE_SPEAKER]),
        NODE("media", "camera", devices[DEVICE_CAMERA]),
        KEY("media", "echo-cancel", set_echo_cancel, echo_cancel, "auto, yes or no"),
        BOOL("media", "relay-only", relay_only, .if_unreadable = "yes"),
};

_Static_assert(ELEMENTSOF(keys) == SETTINGS_KEYS, "the manual has one entry for each");

void settings_defaults(Settings *settings)
{
        *settings = (Settings){.ring_volume = 1, .ring_back = true};
}

/* The owner of the settings logs the first one. */
static void keep_first_and_log_others(const char *sentence, void *userdata)
{
        char **first = userdata;

        if (*first)
                log_warning("%s", sentence);
        else
                *first = strdup(sentence);
}

/* Says how many more lines are wrong, and which settings are on their safe side until then. */
static char *describe(const IniFile *ini, const char *first)
{
        char more[64] = "";
        char *text;

        if (ini->n_wrong > 1)
                snprintf(more, sizeof(more), " (and %d more, see the log)", ini->n_wrong - 1);
        text = str_printf("%s%s", first, more);
        for (size_t i = 0; text && i < ELEMENTSOF(keys); i++) {
                if (!ini->is_protected[i])
                        continue;
                char *longer = str_printf("%s; until then %s counts as \"%s\"", text, keys[i].name,
                                          keys[i].if_unreadable);

                free(text);
                text = longer;
        }
        return text;
}

int settings_load(const char *path, Settings *ret, char **ret_text)
{
        _cleanup_free_ char *first = NULL;
        IniFile ini = {
                .path = path,
                .keys = keys,
                .n_keys = ELEMENTSOF(keys),
                .target = ret,
                .report = keep_first_and_log_others,
                .userdata = &first,
        };

        settings_defaults(ret);
        if (!path)
                return 0;
        int r = ini_file_read(&ini);
        if (r < 0 && r != -ENOENT)
                *ret_text = describe(&ini, first ?: path);
        return r == -ENOENT ? 0 : r;
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
