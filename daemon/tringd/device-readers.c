/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/device-readers.h"

#include <errno.h>
#include <utlist.h>

#include "base/log.h"
#include "tringd/bus-objects.h"

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
#define TIMER_ACCURACY_US (50 * USEC_PER_MSEC)

typedef struct Reader {
        struct Reader *prev, *next;
        char client[BUS_NAME_MAX + 1];
} Reader;

/* A message that waits for its reply. */
typedef struct Read {
        struct Read *prev, *next;
        sd_bus_message *message;
        const sd_bus_vtable *property; /* the one to read; NULL: all */
} Read;

struct DeviceReaders {
        Daemon *daemon;
        sd_bus_slot *filter;
        sd_event_source *timeout;
        Reader *readers;
        size_t n_readers;
        Read *reads;
        size_t n_reads;
        bool for_good; /* a reader cannot be watched: never end the watch */
};

static void read_free(DeviceReaders *readers, Read *read)
{
        DL_DELETE(readers->reads, read);
        readers->n_reads--;
        sd_bus_message_unref(read->message);
        free(read);
}

static int append_value(Daemon *daemon, sd_bus_message *reply, const sd_bus_vtable *property)
{
        int r = sd_bus_message_open_container(reply, 'v', property->x.property.signature);

        if (r >= 0)
                r = property->x.property.get(daemon->bus, TRING_PATH, TRING_DEVICES,
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

static void answer(Daemon *daemon, const Read *read)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = sd_bus_message_new_method_return(read->message, &reply);

        if (r >= 0)
                r = read->property ? append_value(daemon, reply, read->property)
                                   : append_all(daemon, reply);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        if (r < 0)
                (void)sd_bus_reply_method_errno(read->message, r, NULL);
}

void device_readers_answer(DeviceReaders *readers)
{
        readers->timeout = sd_event_source_disable_unref(readers->timeout);
        while (readers->reads) {
                answer(readers->daemon, readers->reads);
                read_free(readers, readers->reads);
        }
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
        log_warning("the devices are not known after %d s: reporting none",
                    (int)(DEVICE_READ_US / USEC_PER_SEC));
        device_readers_answer(userdata);
        return 0;
}

static int hold(DeviceReaders *readers, sd_bus_message *message, const sd_bus_vtable *property)
{
        Read *read;
        int r = 0;

        if (readers->n_reads == DEVICE_READS_MAX)
                return -ENOBUFS;
        if (!readers->timeout)
                r = sd_event_add_time_relative(loop_event(readers->daemon->loop), &readers->timeout,
                                               CLOCK_MONOTONIC, DEVICE_READ_US, TIMER_ACCURACY_US,
                                               on_timeout, readers);
        read = r < 0 ? NULL : calloc(1, sizeof(*read));
        if (!read)
                return r < 0 ? r : -ENOMEM;
        read->property = property;
        read->message = sd_bus_message_ref(message);
        DL_APPEND(readers->reads, read);
        readers->n_reads++;
        return 0;
}

static void note_reader(DeviceReaders *readers, const char *client)
{
        Reader *reader;

        device_watch_start(readers->daemon->devices, true);
        DL_FOREACH (readers->readers, reader)
                if (str_eq(reader->client, client))
                        return;
        reader = readers->n_readers < DEVICE_READERS_MAX ? calloc(1, sizeof(*reader)) : NULL;
        /* The peer of a direct connection has no name, and nothing reports that it leaves. */
        if (!client || !reader || STR_SET(reader->client, client) < 0 ||
            bus_clients_watch(readers->daemon->bus_clients, client) < 0) {
                readers->for_good = true;
                free(reader);
                return;
        }
        DL_APPEND(readers->readers, reader);
        readers->n_readers++;
}

void device_readers_gone(DeviceReaders *readers, const char *client)
{
        Reader *reader, *next;

        DL_FOREACH_SAFE (readers->readers, reader, next) {
                if (!str_eq(reader->client, client))
                        continue;
                DL_DELETE(readers->readers, reader);
                readers->n_readers--;
                free(reader);
        }
        if (!readers->readers && !readers->for_good)
                device_watch_start(readers->daemon->devices, false);
}

/* Finds the vtable entry of a list of devices: a read-only property. NULL for others. */
static const sd_bus_vtable *find_list(const char *name)
{
        const sd_bus_vtable *property = devices_vtable + 1;

        while (property->type != _SD_BUS_VTABLE_END && !str_eq(property->x.property.member, name))
                property++;
        return property->type == _SD_BUS_VTABLE_PROPERTY ? property : NULL;
}

/* Whether the message reads a list of devices. *ret is its entry; NULL: all properties. */
static bool reads_list(sd_bus_message *message, const sd_bus_vtable **ret)
{
        bool all = sd_bus_message_is_method_call(message, PROPERTIES_INTERFACE, "GetAll") > 0;
        const char *interface, *property = "";
        int r;

        if (!all && sd_bus_message_is_method_call(message, PROPERTIES_INTERFACE, "Get") <= 0)
                return false;
        if (!str_eq(sd_bus_message_get_path(message), TRING_PATH))
                return false;
        r = all ? sd_bus_message_read(message, "s", &interface)
                : sd_bus_message_read(message, "ss", &interface, &property);
        (void)sd_bus_message_rewind(message, true);
        if (r < 0 || !str_eq(interface, TRING_DEVICES))
                return false;
        *ret = all ? NULL : find_list(property);
        return all || *ret;
}

/* A filter, which runs before the property handlers. Returns 1 if it will reply later. */
static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        DeviceReaders *readers = userdata;
        const sd_bus_vtable *property;

        if (!reads_list(message, &property))
                return 0;
        note_reader(readers, sd_bus_message_get_sender(message));
        if (device_watch_known(readers->daemon->devices))
                return 0;
        return hold(readers, message, property) < 0 ? 0 : 1;
}

int device_readers_new(Daemon *daemon, DeviceReaders **ret)
{
        DeviceReaders *readers = calloc(1, sizeof(*readers));
        int r;

        if (!readers)
                return -ENOMEM;
        readers->daemon = daemon;
        r = sd_bus_add_filter(daemon->bus, &readers->filter, on_message, readers);
        if (r < 0) {
                free(readers);
                return r;
        }
        *ret = readers;
        return 0;
}

DeviceReaders *device_readers_free(DeviceReaders *readers)
{
        Reader *reader, *next;

        if (!readers)
                return NULL;
        sd_bus_slot_unref(readers->filter);
        sd_event_source_disable_unref(readers->timeout);
        while (readers->reads)
                read_free(readers, readers->reads);
        DL_FOREACH_SAFE (readers->readers, reader, next) {
                DL_DELETE(readers->readers, reader);
                free(reader);
        }
        free(readers);
        return NULL;
}
