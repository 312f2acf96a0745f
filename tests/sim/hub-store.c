/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/array.h"
#include "hub/database-internal.h"
#include "hub/history-task.h"
#include "sim.h"
#include "wire/stored.h"

/*
 * The contents of the hub's database: it changes only by a commit, and nothing else survives a
 * crash. Live calls pass through the codec for stored rows; the history is the hub's own, in a
 * database in memory.
 */

#define RECORD_BYTES 400 /* of JSON, more or less */

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

static HistoryTime disk_time(const World *world)
{
        return (HistoryTime){.now = world->now, .date = hub_date(world)};
}

static CallHistory *disk_history(const World *world)
{
        return hub_database_history(world->hub.disk.database);
}

static void record_write(World *world, const ExchangeAction *action)
{
        const HistoryTime time = disk_time(world);
        CallRecord record;
        char *json;

        if (wire_encode_record(&action->record, &json) < 0 ||
            wire_decode_record(json, &record) < 0 ||
            call_history_put(disk_history(world), &time,
                             &(HistoryEntry){.uid = action->uid,
                                             .session_id = action->session_id,
                                             .initiated_at = record.initiated_at,
                                             .unseen = !record.seen,
                                             .json = json}) < 0)
                abort();
        shelf_put(&world->hub.disk.history, action->uid, &record)->made_at = world->now;
        call_record_done(&record);
        free(json);
}

bool disk_knows(const Disk *disk, const Case *the_case)
{
        for (size_t i = 0; i < disk->history.n; i++) {
                const Filed *filed = &disk->history.filed[i];

                if (case_number(filed->record.session_id) == the_case->number && !filed->pruned &&
                    !disk->removed[user_number(filed->uid)])
                        return true;
        }
        return false;
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
                if (action->settings.has_who_may_ring)
                        disk->who_may_ring[user_number(action->uid)] =
                                action->settings.who_may_ring;
                break;
        case EXCHANGE_CALLED:
                disk->called[user_number(action->uid)][user_number(action->block.uid)] =
                        action->block.on;
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

static int load_ended(const char *uid, const char *session_id, void *userdata)
{
        World *world = userdata;
        ExchangeNow moment = hub_moment(world);
        int r = exchange_restore_ended(world->hub.exchange, &moment, uid, session_id);

        return MIN_OF(r, 0);
}

int disk_load(World *world)
{
        int r = load_calls(world);

        return r != 0 ? r
                      : call_history_latest(disk_history(world), ENDED_RESTORED_MAX, load_ended,
                                            world);
}

/* The file stays, and what the last hub knew of it is gone. */
static int history_again(HubDatabase *database)
{
        database->history = call_history_free(database->history);
        return call_history_new(database->database, &database->history);
}

void disk_start(World *world)
{
        HubDatabase **database = &world->hub.disk.database;
        char *text = NULL;
        bool is_new;

        if (*database) {
                if (history_again(*database) < 0)
                        abort();
                return;
        }
        /* A new database begins its numbers with the date of the machine. */
        if (hub_database_open(NULL, database, &text) < 0 ||
            database_run((*database)->database, "UPDATE counters SET value = 0") < 0 ||
            history_again(*database) < 0)
                abort();
        for (unsigned user = 0; user < world->weather.users; user++) {
                if (hub_database_user_add(*database, user_uid(user), user_uid(user), &is_new) < 0)
                        abort();
        }
}

void disk_done(Disk *disk)
{
        while (disk->calls)
                call_drop(disk, disk->calls->session_id);
        shelf_done(&disk->history);
        disk->database = hub_database_free(disk->database);
}

/* ---- what devices ask of it ---- */

void disk_changes(World *world, const char *uid, usec_t since, ReplyWelcome *welcome)
{
        if (call_history_last_change(disk_history(world), &welcome->date) < 0 ||
            call_history_changes(disk_history(world), uid, since,
                                 world->weather.history_budget * RECORD_BYTES, &welcome->history,
                                 &welcome->n_history, &welcome->history_complete) < 0)
                abort();
}

void disk_deletions(World *world, const char *uid, usec_t since, MessageSessions *ret)
{
        if (call_history_deletions(disk_history(world), uid, since, ret) < 0)
                abort();
}

static void task_finish(World *world, HistoryTask *task)
{
        const HistoryTime time = disk_time(world);

        if (history_task_finish(task, disk_history(world), &time) < 0)
                abort();
}

void disk_page(World *world, const char *uid, const MessageHistory *asked, ReplyHistory *ret)
{
        HistoryTask task;

        if (history_task_page(&task, uid, asked->limit, asked->cursor,
                              world->weather.history_budget * RECORD_BYTES) < 0)
                abort();
        task_finish(world, &task);
        *ret = task.page;
}

/* ---- what changes in it ---- */

static void task_change(World *world, const Handset *by, MessageType type,
                        const MessageSessions *sessions, HistoryTask *ret)
{
        MessageSessions copy = *sessions;

        if (ARRAY_COPY(&copy.session_ids, sessions->session_ids, sessions->count) < 0)
                abort();
        history_task_change(ret, type, handset_uid(by), copy);
        task_finish(world, ret);
}

size_t disk_seen(World *world, const Handset *by, const MessageSessions *sessions, CallRecord **ret)
{
        HistoryTask task;

        task_change(world, by, MESSAGE_SEEN, sessions, &task);
        for (size_t i = 0; i < task.n_changed; i++) {
                const char *session_id = task.changed[i].session_id;

                laws_see_record_changed(by, PHONE_COMMAND_SEEN, session_id);
                shelf_find(&world->hub.disk.history, handset_uid(by), session_id)->record.seen =
                        true;
        }
        size_t n = task.n_changed;
        *ret = TAKE_PTR(task.changed);
        task.n_changed = 0;
        history_task_done(&task);
        return n;
}

void disk_forget(World *world, const Handset *by, const MessageSessions *sessions)
{
        const Shelf *shelf = &world->hub.disk.history;
        HistoryTask task;
        size_t n_here = 0;

        task_change(world, by, MESSAGE_FORGET, sessions, &task);
        for (size_t i = 0; i < shelf->n; i++) {
                Filed *filed = &shelf->filed[i];

                if (filed->forgotten || filed->pruned || !str_eq(filed->uid, handset_uid(by)) ||
                    !message_sessions_have(sessions, &filed->record))
                        continue;
                laws_see_record_changed(by, PHONE_COMMAND_FORGET, filed->record.session_id);
                filed->forgotten = true;
                n_here++;
        }
        if (task.n_forgotten != n_here)
                law_broken(world, LAW_KNOWN, "%zu records are deleted in place of %zu",
                           task.n_forgotten, n_here);
        history_task_done(&task);
}

/* Sets is_there[i] for the records of the shelf that the database still has. */
static void find_records(World *world, const char *uid, bool *is_there)
{
        const Shelf *shelf = &world->hub.disk.history;
        CallRecord *records;
        bool complete;
        size_t n;

        if (call_history_changes(disk_history(world), uid, 0, SIZE_MAX, &records, &n, &complete) <
            0)
                abort();
        for (size_t i = 0; i < n; i++)
                is_there[shelf_find(shelf, uid, records[i].session_id) - shelf->filed] = true;
        call_records_free(records, n);
        MessageSessions deleted;
        disk_deletions(world, uid, 0, &deleted);
        for (size_t i = 0; i < deleted.count; i++)
                is_there[shelf_find(shelf, uid, deleted.session_ids[i]) - shelf->filed] = true;
        free(deleted.session_ids);
}

void disk_prune(World *world)
{
        Shelf *shelf = &world->hub.disk.history;
        const HistoryTime time = disk_time(world);
        _cleanup_free_ bool *is_there = calloc(shelf->n + 1, sizeof(*is_there));
        size_t deleted, n_deleted = 0;

        if (!is_there || call_history_count_running(disk_history(world), &time) < 0)
                abort();
        for (int r = 1; r > 0; n_deleted += deleted) {
                r = call_history_prune(disk_history(world), &time, world->weather.history_days,
                                       UINT32_MAX, USEC_NEVER, &deleted);
                if (r < 0)
                        abort();
        }
        for (unsigned user = 0; user < world->weather.users; user++)
                find_records(world, user_uid(user), is_there);
        laws_see_pruned(world, is_there);
        for (size_t i = 0; i < shelf->n; i++)
                shelf->filed[i].pruned = shelf->filed[i].pruned || !is_there[i];
        for (size_t i = 0; i < n_deleted; i++)
                world_count(world, COUNT_PRUNED);
}

void disk_remove_user(World *world, unsigned user)
{
        if (hub_database_user_remove(world->hub.disk.database, user_uid(user)) < 0)
                abort();
}
