/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/settings.h"

#include <errno.h>
#include <ini.h>
#include <locale.h>

#include "base/cleanup.h"
#include "base/str.h"

#define SHOWN 64          /* bytes of a wrong word: enough to find it again */
#define COMPLAINT_MAX 256 /* bytes of a sentence */

typedef struct Reading {
        Settings *settings;
        char complaint[COMPLAINT_MAX]; /* the first one */
} Reading;

typedef struct Key {
        const char *section, *name;
        bool (*set)(void *target, size_t size, const char *value);
        size_t offset, size;
        const char *wants;
} Key;

static bool set_bool(void *target, size_t size, const char *value)
{
        bool yes = str_eq(value, "yes") || str_eq(value, "true");

        if (!yes && !str_eq(value, "no") && !str_eq(value, "false"))
                return false;
        *(bool *)target = yes;
        return true;
}

/* strtod() would read what the user's language calls a number. */
static bool set_volume(void *target, size_t size, const char *value)
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

static bool set_text(void *target, size_t size, const char *value)
{
        return text_is_valid(value, size - 1) && str_copy(target, size, value) >= 0;
}

static bool set_path(void *target, size_t size, const char *value)
{
        return value[0] == '/' && set_text(target, size, value);
}

/* One more with each time that the key is given. */
static bool add_node(void *target, size_t size, const char *value)
{
        NodeNames *nodes = target;

        if (str_empty(value) || nodes->n == RING_DEVICES_MAX ||
            !set_text(nodes->names[nodes->n], sizeof(nodes->names[0]), value))
                return false;
        nodes->n++;
        return true;
}

static bool set_echo_cancel(void *target, size_t size, const char *value)
{
        return echo_cancel_from_string(value, target) >= 0;
}

#define FIELD(member) offsetof(Settings, member), sizeof(((Settings *)NULL)->member)

static const Key keys[] = {
        {"hub", "insecure", set_bool, FIELD(insecure), "yes or no"},
        {"ring", "sound", set_path, FIELD(ring_sound), "the absolute path of a sound file"},
        {"ring", "volume", set_volume, FIELD(ring_volume), "a number from 0 to 1"},
        {"ring", "device", add_node, FIELD(ring_devices), "one of up to 8 PipeWire node.names"},
        {"ring", "ring-back", set_bool, FIELD(ring_back), "yes or no"},
        {"media", "microphone", set_text, FIELD(microphone), "a PipeWire node.name"},
        {"media", "speaker", set_text, FIELD(speaker), "a PipeWire node.name"},
        {"media", "camera", set_text, FIELD(camera), "a PipeWire node.name"},
        {"media", "echo-cancel", set_echo_cancel, FIELD(echo_cancel), "auto, yes or no"},
        {"media", "relay-only", set_bool, FIELD(relay_only), "yes or no"},
};

_Static_assert(ELEMENTSOF(keys) == SETTINGS_KEYS, "the manual has one entry for each");

void settings_defaults(Settings *settings)
{
        *settings = (Settings){.ring_volume = 1, .ring_back = true};
}

/* inih: 0 stops the count of good lines at this one. */
static int on_key(void *userdata, const char *section, const char *name, const char *value)
{
        Reading *reading = userdata;
        char shown_section[SHOWN], shown_name[SHOWN], shown_value[SHOWN];
        bool known_section = false;

        str_printable(shown_section, sizeof(shown_section), section);
        str_printable(shown_name, sizeof(shown_name), name);
        str_printable(shown_value, sizeof(shown_value), value);
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                if (!str_eq(keys[i].section, section))
                        continue;
                known_section = true;
                if (!str_eq(keys[i].name, name))
                        continue;
                if (keys[i].set((char *)reading->settings + keys[i].offset, keys[i].size, value))
                        return 1;
                if (!reading->complaint[0])
                        snprintf(reading->complaint, sizeof(reading->complaint),
                                 "'%s' of [%s] is '%s', not %s", shown_name, shown_section,
                                 shown_value, keys[i].wants);
                return 0;
        }
        if (reading->complaint[0])
                return 0;
        if (known_section)
                snprintf(reading->complaint, sizeof(reading->complaint),
                         "the key '%s' is not known in [%s]", shown_name, shown_section);
        else
                snprintf(reading->complaint, sizeof(reading->complaint),
                         "the section [%s] of the key '%s' is not known", shown_section,
                         shown_name);
        return 0;
}

int settings_load(const char *path, Settings *ret, char **ret_text)
{
        Settings read_here;
        Reading reading = {.settings = &read_here};
        _cleanup_(fclosep) FILE *file = NULL;

        settings_defaults(ret);
        settings_defaults(&read_here);
        if (!path)
                return 0;
        file = fopen(path, "re");
        if (!file && errno == ENOENT)
                return 0;
        if (!file) {
                int r = -errno;

                *ret_text = str_printf("%s: %s", path, strerror(-r));
                return r;
        }
        int line = ini_parse_file(file, on_key, &reading);
        if (line == 0) {
                *ret = read_here;
                return 0;
        }
        if (line < 0)
                return -ENOMEM;
        *ret_text = str_printf("%s:%d: %s", path, line,
                               reading.complaint[0] ? reading.complaint
                                                    : "neither a [section] nor a key = value");
        return -EINVAL;
}

static void set_default(Settings *settings, const Key *key)
{
        Settings defaults;

        settings_defaults(&defaults);
        memcpy((char *)settings + key->offset, (const char *)&defaults + key->offset, key->size);
}

static bool set_lines(Settings *settings, const Key *key, const char *value)
{
        _cleanup_free_ char *copy = strdup(value);
        char *rest = copy, *line;

        if (!copy)
                return false;
        while ((line = strsep(&rest, "\n")))
                if (!key->set((char *)settings + key->offset, key->size, line))
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

/* Thousandths by hand: printf would use the user's decimal comma. */
const char *settings_volume(double volume, char buffer[static SETTINGS_VOLUME_SIZE])
{
        unsigned thousandths = (unsigned)(volume * 1000 + 0.5);

        snprintf(buffer, SETTINGS_VOLUME_SIZE, "%u.%03u", thousandths / 1000, thousandths % 1000);
        return buffer;
}
