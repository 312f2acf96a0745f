/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.tring.Calls1.Devices: the devices there are, and the ones in use. A value that a program
 * writes is stored in the state folder, and replaces the one of tringd.conf.
 */
#include <errno.h>
#include <math.h>

#include "base/log.h"
#include "tringd/adapters.h"
#include "tringd/bus-objects.h"
#include "tringd/errors.h"
#include "tringd/names.h"
#include "tringd/state-store.h"

#define VALUE_MAX ((RING_DEVICES_MAX + 1) * (NODE_NAME_MAX + 1)) /* of what is remembered */

static const char *const list_names[DEVICE_KIND_COUNT] = {
        [DEVICE_MICROPHONE] = "Microphones",
        [DEVICE_SPEAKER] = "Speakers",
        [DEVICE_CAMERA] = "Cameras",
};

/* ---- what there is ---- */

static bool find_list(const char *property, DeviceKind *ret)
{
        for (DeviceKind kind = 0; kind < DEVICE_KIND_COUNT; kind++) {
                if (!str_eq(property, list_names[kind]))
                        continue;
                *ret = kind;
                return true;
        }
        return false;
}

static int get_list(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Daemon *daemon = userdata;
        DeviceKind kind;
        int r = find_list(property, &kind) ? 0 : -ENOENT;

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        if (r < 0)
                return r;
        const DeviceList *list = device_watch_list(daemon->devices, kind);
        for (size_t i = 0; r >= 0 && i < list->n; i++) {
                const DeviceInfo *info = &list->devices[i];

                r = sd_bus_message_append(reply, "a{sv}", 3, "name", "s", info->name, "description",
                                          "s", info->description, "default", "b",
                                          (int)info->is_default);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* ---- which are used ---- */

static char *chosen_device(Settings *settings, DeviceKind kind)
{
        switch (kind) {
        case DEVICE_MICROPHONE:
                return settings->microphone;
        case DEVICE_SPEAKER:
                return settings->speaker;
        default:
                return settings->camera;
        }
}

static DeviceKind kind_of(const char *property)
{
        return str_eq(property, "Microphone") ? DEVICE_MICROPHONE
               : str_eq(property, "Speaker")  ? DEVICE_SPEAKER
                                              : DEVICE_CAMERA;
}

static int get_device(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Daemon *daemon = userdata;

        return sd_bus_message_append(reply, "s",
                                     chosen_device(&daemon->settings, kind_of(property)));
}

static int get_ring_devices(sd_bus *bus, const char *path, const char *interface,
                            const char *property, sd_bus_message *reply, void *userdata,
                            sd_bus_error *error)
{
        Daemon *daemon = userdata;
        const NodeNames *devices = &daemon->settings.ring_devices;
        int r = sd_bus_message_open_container(reply, 'a', "s");

        for (size_t i = 0; r >= 0 && i < devices->n; i++)
                r = sd_bus_message_append(reply, "s", devices->names[i]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_ring_volume(sd_bus *bus, const char *path, const char *interface,
                           const char *property, sd_bus_message *reply, void *userdata,
                           sd_bus_error *error)
{
        return sd_bus_message_append(reply, "d", ((Daemon *)userdata)->settings.ring_volume);
}

static int get_ring_sound(sd_bus *bus, const char *path, const char *interface,
                          const char *property, sd_bus_message *reply, void *userdata,
                          sd_bus_error *error)
{
        return sd_bus_message_append(reply, "s", ((Daemon *)userdata)->settings.ring_sound);
}

static int get_echo_cancel(sd_bus *bus, const char *path, const char *interface,
                           const char *property, sd_bus_message *reply, void *userdata,
                           sd_bus_error *error)
{
        Daemon *daemon = userdata;

        return sd_bus_message_append(reply, "s",
                                     echo_cancel_to_string(daemon->settings.echo_cancel));
}

/* ---- what is written ---- */

static void remember(Daemon *daemon, const char *property, const char *value, uint32_t change)
{
        state_store_put(daemon, property, value);
        changes_devices(daemon->changes, change);
        daemon_settle_later(daemon);
}

static int check_node(const char *property, const char *name, sd_bus_error *error)
{
        if (!text_is_valid(name, NODE_NAME_MAX))
                return error_invalid(error, property, name,
                                     "is no node.name of PipeWire's: 255 bytes of text at most");
        return 0;
}

/* A device that is missing now may come back; the default one stands in until then. */
static int set_device(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *value, void *userdata, sd_bus_error *error)
{
        Daemon *daemon = userdata;
        DeviceKind kind = kind_of(property);
        char *chosen = chosen_device(&daemon->settings, kind);
        const char *name;
        int r = sd_bus_message_read(value, "s", &name);

        if (r >= 0)
                r = check_node(property, name, error);
        if (r < 0)
                return r;
        (void)str_copy(chosen, NODE_NAME_MAX + 1, name);
        remember(daemon, property, name, CHANGES_DEVICE(kind));
        phone_device_chosen(daemon->phone, kind);
        media_devices_changed(daemon);
        daemon_pump(daemon);
        return 0;
}

static int read_names(sd_bus_message *value, NodeNames *ret, sd_bus_error *error)
{
        const char *name;
        int r = sd_bus_message_enter_container(value, 'a', "s");

        if (r < 0)
                return r;
        *ret = (NodeNames){};
        while ((r = sd_bus_message_read(value, "s", &name)) > 0) {
                if (ret->n == RING_DEVICES_MAX)
                        return error_invalid(error, "RingDevices", name, "is one device too many");
                if (str_empty(name))
                        return error_invalid(error, "RingDevices", name, "is no device");
                r = check_node("RingDevices", name, error);
                if (r < 0)
                        return r;
                (void)STR_SET(ret->names[ret->n++], name);
        }
        return r < 0 ? r : sd_bus_message_exit_container(value);
}

/* One a line: names have no control characters. */
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
        remember(daemon, property, join_names(&devices, joined), CHANGES_RING_DEVICES);
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
        remember(daemon, property, settings_volume(volume, text), CHANGES_RING_VOLUME);
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
                return error_invalid(error, property, file, "is too long, or is no text");
        if (!str_empty(file) && access(file, R_OK) < 0)
                return error_invalid(error, property, file, "cannot be read");
        (void)STR_SET(daemon->settings.ring_sound, file);
        remember(daemon, property, file, CHANGES_RING_SOUND);
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
                return error_invalid(error, property, word, "is none of 'auto', 'yes' and 'no'");
        remember(daemon, property, word, CHANGES_ECHO_CANCEL);
        media_devices_changed(daemon);
        return 0;
}

/* Stored values, and the key of tringd.conf that each of them replaces. */
static const struct {
        const char *property, *section, *key;
} remembered[] = {
        {"Microphone", "media", "microphone"},  {"Speaker", "media", "speaker"},
        {"Camera", "media", "camera"},          {"RingDevices", "ring", "device"},
        {"RingVolume", "ring", "volume"},       {"RingSound", "ring", "sound"},
        {"EchoCancel", "media", "echo-cancel"},
};

void devices_restore(Daemon *daemon)
{
        for (size_t i = 0; i < ELEMENTSOF(remembered); i++) {
                _cleanup_free_ char *value = state_store_get(daemon, remembered[i].property);

                if (value && !settings_replace(&daemon->settings, remembered[i].section,
                                               remembered[i].key, value))
                        log_warning("what was chosen as '%s' cannot be read again",
                                    remembered[i].property);
        }
}

/* ---- the interface ---- */

#define WRITABLE(name, type, get, set) \
        SD_BUS_WRITABLE_PROPERTY(name, type, get, set, 0, CHANGES | ANYBODY)

const sd_bus_vtable devices_vtable[] = {
        SD_BUS_VTABLE_START(0),

        SD_BUS_PROPERTY("Microphones", "aa{sv}", get_list, 0, CHANGES),
        SD_BUS_PROPERTY("Speakers", "aa{sv}", get_list, 0, CHANGES),
        SD_BUS_PROPERTY("Cameras", "aa{sv}", get_list, 0, CHANGES),
        WRITABLE("Microphone", "s", get_device, set_device),
        WRITABLE("Speaker", "s", get_device, set_device),
        WRITABLE("Camera", "s", get_device, set_device),
        WRITABLE("RingDevices", "as", get_ring_devices, set_ring_devices),
        WRITABLE("RingVolume", "d", get_ring_volume, set_ring_volume),
        WRITABLE("RingSound", "s", get_ring_sound, set_ring_sound),
        WRITABLE("EchoCancel", "s", get_echo_cancel, set_echo_cancel),

        SD_BUS_VTABLE_END,
};

/* ---- those who wait to know ---- */

static int append_value(Daemon *daemon, sd_bus_message *reply, const sd_bus_vtable *property)
{
        int r = sd_bus_message_open_container(reply, 'v', property->x.property.signature);

        if (r >= 0)
                r = property->x.property.get(daemon->bus, ROOT_PATH, DEVICES_INTERFACE,
                                             property->x.property.member, reply, daemon, NULL);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_all(Daemon *daemon, sd_bus_message *reply)
{
        const sd_bus_vtable *property = devices_vtable + 1;
        int r = sd_bus_message_open_container(reply, 'a', "{sv}");

        for (; r >= 0 && property->type != _SD_BUS_VTABLE_END; property++) {
                r = sd_bus_message_open_container(reply, 'e', "sv");
                if (r >= 0)
                        r = sd_bus_message_append(reply, "s", property->x.property.member);
                if (r >= 0)
                        r = append_value(daemon, reply, property);
                if (r >= 0)
                        r = sd_bus_message_close_container(reply);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int read_property(void *userdata, sd_bus_message *reply, const char *property)
{
        const sd_bus_vtable *known = devices_vtable + 1;

        if (str_empty(property))
                return append_all(userdata, reply);
        while (!str_eq(known->x.property.member, property))
                known++;
        return append_value(userdata, reply, known);
}

static bool is_list(const char *property)
{
        DeviceKind kind;

        return find_list(property, &kind);
}

static void on_devices_changed(void *userdata, unsigned kinds)
{
        Daemon *daemon = userdata;

        for (DeviceKind kind = 0; kind < DEVICE_KIND_COUNT; kind++)
                if (kinds & (1u << kind))
                        changes_devices(daemon->changes, CHANGES_DEVICE_LIST(kind));
        daemon_settle_later(daemon);
}

static void on_devices_known(void *userdata)
{
        device_readers_answer(((Daemon *)userdata)->device_readers);
}

const DeviceWatchEvents device_watch_events = {.changed = on_devices_changed,
                                               .known = on_devices_known};

int devices_listen(Daemon *daemon)
{
        const DeviceReadersOptions options = {
                .bus = daemon->bus,
                .event = loop_event(daemon->loop),
                .devices = daemon->devices,
                .bus_clients = daemon->bus_clients,
                .is_list = is_list,
                .read = read_property,
                .userdata = daemon,
        };

        return device_readers_new(&options, &daemon->device_readers);
}
