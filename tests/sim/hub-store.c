/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "sim.h"
#include "wire/stored.h"

/*
 * The contents of the hub's database: it changes only by a commit, and nothing else survives a
 * crash. Live calls and records pass through the codec for stored rows.
 */

DiskCall *disk_call(const Disk *disk, const char *session_id)
{
        DiskCall *call;

        DL_FOREACH (disk->calls, call) {
                if (str_eq(call->session_id, session_id))
                        return call;
        }
        return NULL;
}

static void call_write(Disk *disk, ExchangeAction *action)
{
        DiskCall *call = disk_call(disk, action->session_id);
        LiveCall live = {0};

        if (!call) {
                call = calloc(1, sizeof(*call));
                if (!call)
                        abort();
                STR_SET(call->session_id, action->session_id);
                DL_APPEND(disk->calls, call);
        } else if (wire_decode_live(call->json, &live) < 0) {
                abort();
        }
        if (live_call_merge(&live, &action->live) < 0)
                abort();
        free(call->json);
        if (wire_encode_live(&live, &call->json) < 0)
                abort();
        call->status = live.record.status;
        live_call_done(&live);
}

static void call_drop(Disk *disk, const char *session_id)
{
        DiskCall *call = disk_call(disk, session_id);

        if (!call)
                return;
        DL_DELETE(disk->calls, call);
        free(call->json);
        free(call);
}

/* Dates of changes never go back, and no two are equal. */
static usec_t disk_date(World *world)
{
        Disk *disk = &world->hub.disk;

        disk->last_change = MAX_OF(disk->last_change + 1, hub_moment(world).date);
        return disk->last_change;
}

static void record_write(World *world, const ExchangeAction *action)
{
        CallRecord record;
        char *json;

        if (wire_encode_record(&action->record, &json) < 0 || wire_decode_record(json, &record) < 0)
                abort();
        shelf_put(&world->hub.disk.history, action->uid, &record)->changed_at = disk_date(world);
        call_record_done(&record);
        free(json);
}

const char *user_uid(unsigned user)
{
        static const char *const uids[USERS_MAX] = {"user-0", "user-1", "user-2", "user-3"};

        return uids[user];
}

unsigned user_number(const char *uid)
{
        return (unsigned)atoi(uid + strlen("user-"));
}

void disk_write(World *world, ExchangeAction *action)
{
        Disk *disk = &world->hub.disk;

        switch (action->type) {
        case EXCHANGE_SAVE:
                call_write(disk, action);
                break;
        case EXCHANGE_DROP:
                call_drop(disk, action->session_id);
                break;
        case EXCHANGE_LOG:
                record_write(world, action);
                break;
        case EXCHANGE_USER:
                if (action->settings.has_when_busy)
                        disk->when_busy[user_number(action->uid)] = action->settings.when_busy;
                break;
        case EXCHANGE_BLOCK:
                disk->blocked[user_number(action->uid)][user_number(action->block.uid)] =
                        action->block.on;
                break;
        default:
                break;
        }
}

static int load_calls(World *world)
{
        HubParty *hub = &world->hub;
        const DiskCall *call, *next;
        int r = 0;

        DL_FOREACH_SAFE (hub->disk.calls, call, next) {
                LiveCall live;
                ExchangeNow moment = hub_moment(world);

                if (r != 0 || wire_decode_live(call->json, &live) < 0)
                        return -1;
                r = exchange_restore(hub->exchange, &moment, &live);
                live_call_done(&live);
                if (r == CALL_ERROR_USER_NOT_FOUND) { /* removed while the hub was down */
                        case_of(world, call->session_id)->over = true;
                        call_drop(&hub->disk, call->session_id);
                        r = 0;
                        continue;
                }
                world_count(world, COUNT_RESTORED);
        }
        return r;
}

int disk_load(World *world)
{
        const Disk *disk = &world->hub.disk;
        int r = load_calls(world);

        for (size_t i = 0; r == 0 && i < disk->history.n; i++) {
                const Filed *filed = &disk->history.filed[i];
                ExchangeNow moment = hub_moment(world);

                if (filed->changed_at + ENDED_MEMORY_US > disk->last_change &&
                    !disk->removed[user_number(filed->uid)])
                        r = exchange_restore_ended(world->hub.exchange, &moment, filed->uid,
                                                   filed->record.session_id);
        }
        return r;
}

void disk_done(Disk *disk)
{
        while (disk->calls)
                call_drop(disk, disk->calls->session_id);
        shelf_done(&disk->history);
}

/* ---- what devices ask of it ---- */

static int by_change(const void *a, const void *b)
{
        const Filed *const *x = a, *const *y = b;

        return (*x)->changed_at < (*y)->changed_at ? -1 : (*x)->changed_at > (*y)->changed_at;
}

/* Newest first; in the simulator no two calls have the same session id. */
static int by_age(const void *a, const void *b)
{
        const Filed *const *x = a, *const *y = b;

        return strcmp((*y)->record.session_id, (*x)->record.session_id);
}

/* The caller frees *ret. */
static size_t disk_select(const Disk *disk, const char *uid, usec_t since, bool forgotten,
                          const Filed ***ret)
{
        const Filed **chosen = calloc(disk->history.n + 1, sizeof(*chosen));
        size_t n = 0;

        if (!chosen)
                abort();
        for (size_t i = 0; i < disk->history.n; i++) {
                const Filed *filed = &disk->history.filed[i];

                if (str_eq(filed->uid, uid) && filed->changed_at > since &&
                    filed->forgotten == forgotten)
                        chosen[n++] = filed;
        }
        *ret = chosen;
        return n;
}

static CallRecord *records_copy(const Filed *const *chosen, size_t n)
{
        CallRecord *records = calloc(n + 1, sizeof(*records));

        if (!records)
                abort();
        for (size_t i = 0; i < n; i++) {
                if (call_record_copy(&records[i], &chosen[i]->record) < 0)
                        abort();
        }
        return records;
}

void disk_changes(World *world, const char *uid, usec_t since, ReplyWelcome *welcome)
{
        _cleanup_free_ const Filed **chosen = NULL;
        size_t n = disk_select(&world->hub.disk, uid, since, false, &chosen);

        qsort(chosen, n, sizeof(*chosen), by_change);
        welcome->date = MAX_OF(world->hub.disk.last_change, hub_moment(world).date);
        welcome->history_complete = n <= world->weather.history_budget;
        welcome->n_history = MIN_OF(n, (size_t)world->weather.history_budget);
        welcome->history = records_copy(chosen, welcome->n_history);
}

void disk_deletions(World *world, const char *uid, usec_t since, MessageSessions *ret)
{
        _cleanup_free_ const Filed **chosen = NULL;
        size_t n = disk_select(&world->hub.disk, uid, since, true, &chosen);

        *ret = (MessageSessions){0};
        if (n == 0)
                return;
        ret->session_ids = calloc(n, sizeof(*ret->session_ids));
        if (!ret->session_ids)
                abort();
        for (size_t i = 0; i < n; i++)
                STR_SET(ret->session_ids[i], chosen[i]->record.session_id);
        ret->count = n;
}

/* The cursor is the session id of the last record returned. */
void disk_page(World *world, const char *uid, const MessageHistory *asked, ReplyHistory *ret)
{
        _cleanup_free_ const Filed **chosen = NULL;
        size_t n = disk_select(&world->hub.disk, uid, 0, false, &chosen), first = 0;
        size_t limit = asked->limit ? asked->limit : HISTORY_PAGE_DEFAULT;

        limit = MIN_OF(limit, (size_t)world->weather.history_budget);
        qsort(chosen, n, sizeof(*chosen), by_age);
        while (*asked->cursor && first < n &&
               strcmp(chosen[first]->record.session_id, asked->cursor) >= 0)
                first++;
        ret->n_records = MIN_OF(n - first, limit);
        ret->records = records_copy(chosen + first, ret->n_records);
        if (first + limit < n)
                STR_SET(ret->next, chosen[first + limit - 1]->record.session_id);
}
