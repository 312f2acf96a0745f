/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/listener-store.h"

#include <errno.h>
#include <inttypes.h>
#include <utlist.h>

#define SETTING "listeners"
/* client, id, path, presents, priority: separated by tabs, which no field contains */
#define FIELDS 5

typedef struct Waiting {
        PhoneListener listener;
        struct Waiting *prev, *next;
} Waiting;

struct ListenerStore {
        Waiting *waiting;
};

int listener_store_new(ListenerStore **ret)
{
        ListenerStore *store = calloc(1, sizeof(*store));

        if (!store)
                return -ENOMEM;
        *ret = store;
        return 0;
}

ListenerStore *listener_store_free(ListenerStore *store)
{
        Waiting *waiting, *next;

        if (!store)
                return NULL;
        DL_FOREACH_SAFE (store->waiting, waiting, next)
                free(waiting);
        free(store);
        return NULL;
}

/* Reads a line of write_line(). Returns false for any other line. */
static bool parse_line(char *line, PhoneListener *ret)
{
        char *fields[FIELDS], *end;
        PhoneListener listener = {};

        for (size_t i = 0; i < FIELDS; i++) {
                fields[i] = strsep(&line, "\t");
                if (!fields[i])
                        return false;
        }
        long priority = strtol(fields[4], &end, 10);
        if (*end || priority < INT32_MIN || priority > INT32_MAX)
                return false;
        listener.presents = str_eq(fields[3], "1");
        listener.priority = (int32_t)priority;
        if (STR_SET(listener.client, fields[0]) < 0 || STR_SET(listener.id, fields[1]) < 0 ||
            STR_SET(listener.path, fields[2]) < 0)
                return false;
        *ret = listener;
        return true;
}

int listener_store_load(ListenerStore *store, History *history, const char *bus_id)
{
        _cleanup_free_ char *text = NULL;
        int r = history_setting_get(history, SETTING, &text);

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        char *rest = text;
        if (!str_eq(strsep(&rest, "\n"), bus_id))
                return 0;
        for (char *line; (line = strsep(&rest, "\n"));) {
                PhoneListener listener;

                if (!parse_line(line, &listener))
                        continue;
                Waiting *waiting = calloc(1, sizeof(*waiting));
                if (!waiting)
                        return -ENOMEM;
                waiting->listener = listener;
                DL_APPEND(store->waiting, waiting);
        }
        return 0;
}

static void write_line(FILE *file, const PhoneListener *listener)
{
        fprintf(file, "%s\t%s\t%s\t%d\t%" PRId32 "\n", listener->client, listener->id,
                listener->path, listener->presents, listener->priority);
}

int listener_store_save(const ListenerStore *store, History *history, const char *bus_id,
                        const Phone *phone)
{
        _cleanup_free_ char *text = NULL;
        const PhoneListener *listener;
        Waiting *waiting;
        size_t length;
        FILE *file = open_memstream(&text, &length);

        if (!file)
                return -ENOMEM;
        fprintf(file, "%s\n", bus_id);
        for (size_t i = 0; (listener = phone_listener_at(phone, i)); i++)
                write_line(file, listener);
        DL_FOREACH (store->waiting, waiting)
                write_line(file, &waiting->listener);
        if (fclose(file) != 0)
                return -ENOMEM;
        return history_setting_put(history, SETTING, text);
}

const char *listener_store_client(const ListenerStore *store, size_t index)
{
        Waiting *waiting;

        DL_FOREACH (store->waiting, waiting)
                if (index-- == 0)
                        return waiting->listener.client;
        return NULL;
}

bool listener_store_take(ListenerStore *store, const char *client, PhoneListener *ret)
{
        Waiting *waiting;

        DL_FOREACH (store->waiting, waiting) {
                if (!str_eq(waiting->listener.client, client))
                        continue;
                DL_DELETE(store->waiting, waiting);
                *ret = waiting->listener;
                free(waiting);
                return true;
        }
        return false;
}
