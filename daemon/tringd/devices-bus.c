/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.tring.Calls1.Devices: the devices of this machine, and the ones that calls use. A value that
 * a program writes is stored in the state folder, and replaces the one of tringd.conf.
 */
#include <errno.h>
#include <math.h>

#include "base/log.h"
#include "tringd/adapters.h"
#include "tringd/bus-objects.h"
#include "tringd/errors.h"
#include "tringd/state-store.h"

#define VALUE_MAX ((RING_DEVICES_MAX + 1) * (NODE_NAME_MAX + 1)) /* bytes of a stored value */

/* ---- reading ---- */

static int append_list(sd_bus_message *reply, const DeviceList *list)
{
        int r = sd_bus_message_open_container(reply, 'a', "a{sv}");

        for (size_t i = 0; r >= 0 && i < list->n; i++) {
                const DeviceInfo *info = &list->devices[i];

                r = sd_bus_message_append(reply, "a{sv}", 3, "name", "s", info->name, "description",
                                          "s", info->description, "default", "b",
                                          (int)info->is_default);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_names(sd_bus_message *reply, const NodeNames *nodes)
{
        int r = sd_bus_message_open_container(reply, 'a', "s");

        for (size_t i = 0; r >= 0 && i < nodes->n; i++)
                r = sd_bus_message_append(reply, "s", nodes->names[i]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

#define DEFINE_LIST_GETTER(name, kind) \
        DEFINE_GETTER(name, Daemon, append_list(reply, device_watch_list(object->devices, kind)))

DEFINE_LIST_GETTER(microphones, DEVICE_MICROPHONE)
DEFINE_LIST_GETTER(speakers, DEVICE_SPEAKER)
DEFINE_LIST_GETTER(cameras, DEVICE_CAMERA)
DEFINE_VALUE_GETTER(microphone, Daemon, object->settings.devices[DEVICE_MICROPHONE])
DEFINE_VALUE_GETTER(speaker, Daemon, object->settings.devices[DEVICE_SPEAKER])
DEFINE_VALUE_GETTER(camera, Daemon, object->settings.devices[DEVICE_CAMERA])
DEFINE_GETTER(ring_devices, Daemon, append_names(reply, &object->settings.ring_devices))
DEFINE_VALUE_GETTER(ring_volume, Daemon, object->settings.ring_volume)
DEFINE_VALUE_GETTER(ring_sound, Daemon, object->settings.ring_sound)
DEFINE_VALUE_GETTER(echo_cancel, Daemon, echo_cancel_to_string(object->settings.echo_cancel))

/* ---- writing ---- */

static void store(Daemon *daemon, const char *property, const char *value, DevicesProperty change)
{
        state_store_put(daemon, property, value);
        changes_devices(daemon->changes, change);
        daemon_settle_later(daemon);
}

static int check_node(const char *property, const char *name, sd_bus_error *error)
{
        if (!text_is_valid(name, NODE_NAME_MAX))
                return error_invalid(error, property, name,
                                     "is not a node.name of PipeWire: at most 255 bytes of text");
        return 0;
}

/* Accepts a device that is not connected: calls use the default one until it comes back. */
static int set_device(Daemon *daemon, DeviceKind kind, const char *property, sd_bus_message *value,
                      sd_bus_error *error)
{
        const char *name;
        int r = sd_bus_message_read(value, "s", &name);

        if (r >= 0)
                r = check_node(property, name, error);
        if (r < 0)
                return r;
        (void)STR_SET(daemon->settings.devices[kind], name);
        store(daemon, property, name, CHANGES_MICROPHONE + kind);
        phone_device_chosen(daemon->phone, kind);
        media_devices_changed(daemon);
        daemon_pump(daemon);
        return 0;
}

_Static_assert(CHANGES_SPEAKER == CHANGES_MICROPHONE + DEVICE_SPEAKER &&
                       CHANGES_CAMERA == CHANGES_MICROPHONE + DEVICE_CAMERA,
               "the XML has the devices in the order of DeviceKind");

#define DEFINE_DEVICE_SETTER(name, kind)                                               \
        static int set_##name(sd_bus *bus, const char *path, const char *interface,    \
                              const char *property, sd_bus_message *value, void *data, \
                              sd_bus_error *error)                                     \
        {                                                                              \
                return set_device(data, kind, property, value, error);                 \
        }

DEFINE_DEVICE_SETTER(microphone, DEVICE_MICROPHONE)
DEFINE_DEVICE_SETTER(speaker, DEVICE_SPEAKER)
DEFINE_DEVICE_SETTER(camera, DEVICE_CAMERA)

static int read_names(sd_bus_message *value, NodeNames *ret, sd_bus_error *error)
{
        const char *name;
        int r = sd_bus_message_enter_container(value, 'a', "s");

        if (r < 0)
                return r;
        *ret = (NodeNames){};
        while ((r = sd_bus_message_read(value, "s", &name)) > 0) {
                if (ret->n == RING_DEVICES_MAX)
                        return error_invalid(error, PROPERTY_RING_DEVICES, name,
                                             "is one device too many");
                if (str_empty(name))
                        return error_invalid(error, PROPERTY_RING_DEVICES, name, "is not a device");
                r = check_node(PROPERTY_RING_DEVICES, name, error);
                if (r < 0)
                        return r;
                (void)STR_SET(ret->names[ret->n++], name);
        }
        return r < 0 ? r : sd_bus_message_exit_container(value);
}

/* Writes one name per line, since names have no control characters. */
static const char *join_names(const NodeNames *devices, char ret[static VALUE_MAX])
{
        char *p = ret;

        *p = '\0';
        for (size_t i = 0; i < devices->n; i++)
                p += snprintf(p, VALUE_MAX - (size_t)(p - ret), "%s%s", i > 0 ? "\n" : "",
                              devices->names[i]);
        return ret;
}

static int set_ring_devices(sd_bus *bus, const char *path, const char *interface,
                            const char *property, sd_bus_message *value, void *userdata,
                            sd_bus_error *error)
{
        Daemon *daemon = userdata;
        char joined[VALUE_MAX];
        NodeNames devices;
        int r = read_names(value, &devices, error);

        if (r < 0)
                return r;
        daemon->settings.ring_devices = devices;
        store(daemon, property, join_names(&devices, joined), CHANGES_RING_DEVICES);
        return 0;
}

static int set_ring_volume(sd_bus *bus, const char *path, const char *interface,
                           const char *property, sd_bus_message *value, void *userdata,
                           sd_bus_error *error)
{
        Daemon *daemon = userdata;
        char text[SETTINGS_VOLUME_SIZE];
        double volume;
        int r = sd_bus_message_read(value, "d", &volume);

        if (r < 0)
                return r;
        if (!(volume >= 0 && volume <= 1)) {
                snprintf(text, sizeof(text), "%.3g", volume);
                return error_invalid(error, property, text, "is not from 0 to 1");
        }
        daemon->settings.ring_volume = volume;
        store(daemon, property, settings_volume(volume, text), CHANGES_RING_VOLUME);
        return 0;
}

static int set_ring_sound(sd_bus *bus, const char *path, const char *interface,
                          const char *property, sd_bus_message *value, void *userdata,
                          sd_bus_error *error)
{
        Daemon *daemon = userdata;
        const char *file;
        int r = sd_bus_message_read(value, "s", &file);

        if (r < 0)
                return r;
        if (!str_empty(file) && file[0] != '/')
                return error_invalid(error, property, file, "is not an absolute path");
        if (!text_is_valid(file, SETTINGS_PATH_MAX))
                return error_invalid(error, property, file, "is too long, or not text");
        if (!str_empty(file) && access(file, R_OK) < 0)
                return error_invalid(error, property, file, "cannot be read");
        (void)STR_SET(daemon->settings.ring_sound, file);
        store(daemon, property, file, CHANGES_RING_SOUND);
        return 0;
}

static int set_echo_cancel(sd_bus *bus, const char *path, const char *interface,
                           const char *property, sd_bus_message *value, void *userdata,
                           sd_bus_error *error)
{
        Daemon *daemon = userdata;
        const char *word;
        int r = sd_bus_message_read(value, "s", &word);

        if (r < 0)
                return r;
        if (echo_cancel_from_string(word, &daemon->settings.echo_cancel) < 0)
                return error_invalid(error, property, word, "is not 'auto', 'yes' or 'no'");
        store(daemon, property, word, CHANGES_ECHO_CANCEL);
        media_devices_changed(daemon);
        return 0;
}

/* Stored properties, and the key of tringd.conf that each of them replaces. */
static const struct {
        const char *property, *section, *key;
} stored[] = {
        {PROPERTY_MICROPHONE, "media", "microphone"},   {PROPERTY_SPEAKER, "media", "speaker"},
        {PROPERTY_CAMERA, "media", "camera"},           {PROPERTY_RING_DEVICES, "ring", "device"},
        {PROPERTY_RING_VOLUME, "ring", "volume"},       {PROPERTY_RING_SOUND, "ring", "sound"},
        {PROPERTY_ECHO_CANCEL, "media", "echo-cancel"},
};

void devices_restore(Daemon *daemon)
{
        for (size_t i = 0; i < ELEMENTSOF(stored); i++) {
                _cleanup_free_ char *value = state_store_get(daemon, stored[i].property);

                if (value &&
                    !settings_replace(&daemon->settings, stored[i].section, stored[i].key, value))
                        log_warning("cannot restore the stored '%s': it is not valid",
                                    stored[i].property);
        }
}

const sd_bus_vtable devices_vtable[] = {DEVICES_VTABLE};

/* ---- from the watch of devices ---- */

static void on_devices_changed(void *userdata, unsigned kinds)
{
        Daemon *daemon = userdata;

        for (DeviceKind kind = 0; kind < DEVICE_KIND_COUNT; kind++)
                if (kinds & (1u << kind))
                        changes_devices(daemon->changes, CHANGES_MICROPHONES + kind);
        daemon_settle_later(daemon);
}

static void on_devices_known(void *userdata)
{
        device_readers_answer(((Daemon *)userdata)->device_readers);
}

const DeviceWatchEvents device_watch_events = {.changed = on_devices_changed,
                                               .known = on_devices_known};
