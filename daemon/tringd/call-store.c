/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/call-store.h"

#include <errno.h>
#include <inttypes.h>

#include "base/log.h"
#include "tringd/write-behind.h"
#include "wire/stored.h"
#include "wire/wire.h"

#define CALL_PREFIX "call/"
#define REQUEST_PREFIX "errand/"
#define REQUEST_KEY REQUEST_PREFIX "%020" PRIu64 /* padded: rows sort by serial */

/* One row of the store; with neither call nor request, the row is deleted. */
typedef struct Change {
        WriteBehindItem item;
        StoredCall *call;
        Message request;
} Change;

struct CallStore {
        History *history;
        const CallStoreEvents *events;
        void *userdata;
        WriteBehind queue;
        int reported; /* the last result passed to `written` */
};

static void free_item(WriteBehindItem *item)
{
        Change *change = CONTAINER_OF(item, Change, item);

        if (change->call)
                stored_call_done(change->call);
        free(change->call);
        message_done(&change->request);
        free(change);
}

static int change_encode(const Change *change, char **ret)
{
        *ret = NULL;
        if (change->call)
                return wire_encode_stored_call(change->call, ret);
        if (change->request.type != MESSAGE_NONE)
                return wire_encode(&change->request, 0, ret, &(size_t){0});
        return 0;
}

/* Skips a row that cannot be encoded, and stores the others. */
static int write_changes(void *userdata)
{
        CallStore *store = userdata;
        StoredText *texts = calloc(store->queue.count, sizeof(*texts));
        size_t n = 0;
        int r = texts ? 0 : -ENOMEM;

        for (WriteBehindItem *item = store->queue.items; r >= 0 && item; item = item->next) {
                char *value;

                r = change_encode(CONTAINER_OF(item, Change, item), &value);
                if (r >= 0)
                        texts[n++] = (StoredText){.key = item->key, .value = value};
                if (r < 0 && r != -ENOMEM) {
                        log_warning("cannot store '%s': %s", item->key, strerror(-r));
                        r = 0;
                }
        }
        if (r >= 0)
                r = history_stored_write(store->history, texts, n);
        if (r >= 0)
                write_behind_drop_all(&store->queue);
        for (size_t i = 0; i < n; i++)
                free((char *)texts[i].value);
        free(texts);
        return r;
}

static void on_written(void *userdata, int r)
{
        CallStore *store = userdata;

        if (r == store->reported)
                return;
        store->reported = r;
        store->events->written(store->userdata, r);
}

static const WriteBehindType queue_type = {
        .delay = CALL_STORE_DELAY_US,
        .retry = CALL_STORE_RETRY_US,
        .write = write_changes,
        .written = on_written,
        .free_item = free_item,
};

void call_store_flush(CallStore *store)
{
        if (store)
                write_behind_flush(&store->queue);
}

int call_store_new(sd_event *event, History *history, const CallStoreEvents *events, void *userdata,
                   CallStore **ret)
{
        _cleanup_(call_store_freep) CallStore *store = calloc(1, sizeof(*store));

        if (!store)
                return -ENOMEM;
        *store = (CallStore){.history = history, .events = events, .userdata = userdata};
        int r = write_behind_init(&store->queue, event, &queue_type, store);
        if (r >= 0)
                *ret = TAKE_PTR(store);
        return r;
}

CallStore *call_store_free(CallStore *store)
{
        if (!store)
                return NULL;
        write_behind_done(&store->queue);
        free(store);
        return NULL;
}

static int put_change(CallStore *store, const char *key, Change **ret)
{
        Change *change = calloc(1, sizeof(*change));

        if (!change)
                return -ENOMEM;
        (void)STR_SET(change->item.key, key);
        write_behind_put(&store->queue, &change->item);
        *ret = change;
        return 0;
}

int call_store_take(CallStore *store, PhoneAction *action)
{
        bool is_call = action->type == PHONE_CALL_STORE || action->type == PHONE_CALL_FORGET;
        char key[WRITE_BEHIND_KEY_SIZE];
        Change *change;

        if (is_call)
                snprintf(key, sizeof(key), CALL_PREFIX "%s", action->session_id);
        else
                snprintf(key, sizeof(key), REQUEST_KEY, action->serial);
        int r = put_change(store, key, &change);
        if (r < 0)
                return r;
        if (action->type == PHONE_CALL_STORE) {
                change->call = TAKE_PTR(action->state);
        } else if (action->type == PHONE_REQUEST_STORE) {
                change->request = action->message;
                action->message = (Message){};
        }
        return 0;
}

typedef struct Reading {
        CallStore *store;
        const CallStoreReader *reader;
        void *userdata;
} Reading;

static int read_call(const Reading *reading, const char *value)
{
        _cleanup_(stored_call_done) StoredCall state = {};
        int r = wire_decode_stored_call(value, &state);

        if (r >= 0)
                reading->reader->call(reading->userdata, &state);
        return r;
}

static int read_request(const Reading *reading, const char *value)
{
        _cleanup_(message_done) Message message = {};
        char complaint[MESSAGE_TEXT_MAX + 1];
        uint64_t id;
        int r = wire_decode(WIRE_FROM_DEVICE, value, strlen(value), &message, &id, complaint);

        if (r == 0)
                reading->reader->request(reading->userdata, &message);
        return r > 0 ? -EBADMSG : r;
}

static void drop(CallStore *store, const char *key)
{
        Change *change;

        if (strlen(key) < WRITE_BEHIND_KEY_SIZE && put_change(store, key, &change) < 0)
                log_warning("cannot delete '%s' from the store: %s", key, strerror(ENOMEM));
}

static void read_text(void *userdata, const StoredText *text)
{
        const Reading *reading = userdata;
        int r = -EBADMSG;

        if (strncmp(text->key, CALL_PREFIX, strlen(CALL_PREFIX)) == 0)
                r = read_call(reading, text->value);
        else if (strncmp(text->key, REQUEST_PREFIX, strlen(REQUEST_PREFIX)) == 0)
                r = read_request(reading, text->value);
        if (r >= 0)
                return;
        log_warning("cannot read the stored '%s', deleting it: %s", text->key, strerror(-r));
        drop(reading->store, text->key);
}

int call_store_read(CallStore *store, const CallStoreReader *reader, void *userdata)
{
        Reading reading = {.store = store, .reader = reader, .userdata = userdata};

        return history_stored_read(store->history, read_text, &reading);
}

static void drop_text(void *userdata, const StoredText *text)
{
        drop(userdata, text->key);
}

int call_store_clear(CallStore *store)
{
        return history_stored_read(store->history, drop_text, store);
}
