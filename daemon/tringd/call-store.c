/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/call-store.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/log.h"
#include "wire/stored-call.h"
#include "wire/wire.h"

#define CALL_PREFIX "call/"
#define REQUEST_PREFIX "errand/"
#define REQUEST_KEY REQUEST_PREFIX "%020" PRIu64 /* so that the store's order is theirs */
#define KEY_SIZE 64
#define DELAY_ACCURACY_US (1 * USEC_PER_MSEC)

/* With neither: what the store has under this key is dropped. */
typedef struct Waiting {
        char key[KEY_SIZE];
        StoredCall *state;
        Message request;
        UT_hash_handle hh;
} Waiting;

struct CallStore {
        History *history;
        const CallStoreEvents *events;
        void *userdata;
        sd_event_source *timer;
        Waiting *waiting;
        int result; /* of the last writing */
};

static void waiting_empty(Waiting *waiting)
{
        if (waiting->state) {
                stored_call_done(waiting->state);
                free(waiting->state);
                waiting->state = NULL;
        }
        message_done(&waiting->request);
}

static void drop_all(CallStore *kept)
{
        Waiting *waiting, *next;

        HASH_ITER (hh, kept->waiting, waiting, next) {
                HASH_DEL(kept->waiting, waiting);
                waiting_empty(waiting);
                free(waiting);
        }
}

static int waiting_encode(const Waiting *waiting, char **ret)
{
        *ret = NULL;
        if (waiting->state)
                return wire_encode_stored_call(waiting->state, ret);
        if (waiting->request.type != MESSAGE_NONE)
                return wire_encode(&waiting->request, 0, ret, &(size_t){0});
        return 0;
}

/* One that cannot be said in JSON is not stored, and keeps no other from it. */
static int write_all(CallStore *kept)
{
        size_t size = HASH_COUNT(kept->waiting), n = 0;
        StoredText *texts = calloc(size, sizeof(*texts));
        Waiting *waiting, *next;
        int r = texts ? 0 : -ENOMEM;

        for (waiting = kept->waiting; r >= 0 && waiting; waiting = next) {
                char *value;

                next = waiting->hh.next;
                r = waiting_encode(waiting, &value);
                if (r >= 0)
                        texts[n++] = (StoredText){.key = waiting->key, .value = value};
                if (r < 0 && r != -ENOMEM) {
                        log_warning("%s is not kept: %s", waiting->key, strerror(-r));
                        r = 0;
                }
        }
        if (r >= 0)
                r = history_stored_write(kept->history, texts, n);
        for (size_t i = 0; i < n; i++)
                free((char *)texts[i].value);
        free(texts);
        return r;
}

static void arm(CallStore *kept, usec_t delay)
{
        int r = sd_event_source_set_time_relative(kept->timer, delay);

        if (r >= 0)
                r = sd_event_source_set_enabled(kept->timer, SD_EVENT_ONESHOT);
        if (r < 0)
                log_error("cannot set the timer: %s", strerror(-r));
}

void call_store_flush(CallStore *kept)
{
        if (!kept || !kept->waiting)
                return;
        int r = write_all(kept);
        if (r >= 0)
                drop_all(kept);
        if (r < 0)
                arm(kept, CALL_STORE_RETRY_US);
        else
                (void)sd_event_source_set_enabled(kept->timer, SD_EVENT_OFF);
        if (r == kept->result)
                return;
        kept->result = r;
        kept->events->written(kept->userdata, r);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        call_store_flush(userdata);
        return 0;
}

int call_store_new(sd_event *event, History *history, const CallStoreEvents *events, void *userdata,
                   CallStore **ret)
{
        _cleanup_(call_store_freep) CallStore *kept = calloc(1, sizeof(*kept));

        if (!kept)
                return -ENOMEM;
        *kept = (CallStore){.history = history, .events = events, .userdata = userdata};
        int r = sd_event_add_time(event, &kept->timer, CLOCK_MONOTONIC, 0, DELAY_ACCURACY_US,
                                  on_timer, kept);
        if (r >= 0)
                r = sd_event_source_set_enabled(kept->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(kept);
        return 0;
}

CallStore *call_store_free(CallStore *kept)
{
        if (!kept)
                return NULL;
        if (kept->waiting)
                (void)write_all(kept);
        drop_all(kept);
        sd_event_source_disable_unref(kept->timer);
        free(kept);
        return NULL;
}

static int wait_for(CallStore *kept, const char *key, Waiting **ret)
{
        Waiting *waiting;

        HASH_FIND_STR(kept->waiting, key, waiting);
        if (waiting) {
                waiting_empty(waiting);
                *ret = waiting;
                return 0;
        }
        bool is_first = !kept->waiting;
        waiting = calloc(1, sizeof(*waiting));
        if (!waiting)
                return -ENOMEM;
        (void)STR_SET(waiting->key, key);
        HASH_ADD_STR(kept->waiting, key, waiting);
        if (!waiting->hh.tbl) {
                free(waiting);
                return -ENOMEM;
        }
        /* While writing fails it is tried when that is due, not with every change. */
        if (is_first)
                arm(kept, CALL_STORE_DELAY_US);
        *ret = waiting;
        return 0;
}

int call_store_take(CallStore *kept, PhoneAction *action)
{
        bool is_call = action->type == PHONE_CALL_STORE || action->type == PHONE_CALL_FORGET;
        char key[KEY_SIZE];
        Waiting *waiting;

        if (is_call)
                snprintf(key, sizeof(key), CALL_PREFIX "%s", action->session_id);
        else
                snprintf(key, sizeof(key), REQUEST_KEY, action->serial);
        int r = wait_for(kept, key, &waiting);
        if (r < 0)
                return r;
        if (action->type == PHONE_CALL_STORE) {
                waiting->state = TAKE_PTR(action->state);
        } else if (action->type == PHONE_REQUEST_STORE) {
                waiting->request = action->message;
                action->message = (Message){};
        }
        return 0;
}

typedef struct Reading {
        CallStore *kept;
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

static void drop(CallStore *kept, const char *key)
{
        Waiting *waiting;

        if (strlen(key) < KEY_SIZE && wait_for(kept, key, &waiting) < 0)
                log_warning("%s stays in the store: %s", key, strerror(ENOMEM));
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
        log_warning("what was kept as %s cannot be read: %s", text->key, strerror(-r));
        drop(reading->kept, text->key);
}

int call_store_read(CallStore *kept, const CallStoreReader *reader, void *userdata)
{
        Reading reading = {.kept = kept, .reader = reader, .userdata = userdata};

        return history_stored_read(kept->history, read_text, &reading);
}

static void drop_text(void *userdata, const StoredText *text)
{
        drop(userdata, text->key);
}

int call_store_clear(CallStore *kept)
{
        return history_stored_read(kept->history, drop_text, kept);
}
