/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Between the exchange and the database: loads the stored state, and stores changes. */

#include <assert.h>
#include <errno.h>

#include "base/log.h"
#include "hub/internal.h"
#include "wire/stored.h"

static int load_user(const StoredUser *user, void *userdata)
{
        Hub *hub = userdata;

        int r = exchange_user_add(hub->exchange, user->uid, user->name, user->when_busy);

        if (r == 0)
                r = exchange_user_set_who_may_ring(hub->exchange, user->uid, user->who_may_ring);
        return MIN_OF(r, 0);
}

static int load_block(const char *uid, const char *blocked, void *userdata)
{
        Hub *hub = userdata;
        int r = exchange_user_block(hub->exchange, uid, blocked);

        return MIN_OF(r, 0);
}

static int load_called(const char *uid, const char *called, void *userdata)
{
        Hub *hub = userdata;
        int r = exchange_user_called(hub->exchange, uid, called);

        return MIN_OF(r, 0);
}

static int load_group(const StoredGroup *group, void *userdata)
{
        int r = hub_put_group(userdata, group);

        if (r > 0)
                log_error("cannot load the stored group %s: %s", group->guid,
                          call_error_to_string((CallError)r));
        return MIN_OF(r, 0);
}

static int load_call(const LiveCall *live, void *userdata)
{
        Hub *hub = userdata;
        int r = exchange_restore(hub->exchange, hub_now(hub), live);

        if (r == -ENOMEM)
                return r;
        if (r != 0)
                log_fields(LOG_ERR, "cannot restore a stored call", "SESSION_ID=%s",
                           live->record.session_id, "ERROR=%s",
                           r > 0 ? call_error_to_string((CallError)r) : strerror(-r), NULL);
        return 0;
}

static int load_ended(const char *uid, const char *session_id, void *userdata)
{
        Hub *hub = userdata;
        int r = exchange_restore_ended(hub->exchange, hub_now(hub), uid, session_id);

        return MIN_OF(r, 0);
}

ExchangeLimits hub_exchange_limits(const Hub *hub)
{
        return (ExchangeLimits){
                .calls_per_minute = hub->config->calls_per_minute,
                .failed_lookups_per_minute = hub->config->failed_lookups_per_minute,
                .stored_mb_per_day = hub->config->stored_mb_per_day,
                .redial_pauses = hub->config->redial_pauses,
        };
}

int hub_load(Hub *hub)
{
        const ExchangeLimits limits = hub_exchange_limits(hub);
        int r = exchange_new(&limits, &hub->exchange);

        if (r >= 0)
                r = hub_database_each_user(hub->database, load_user, hub);
        if (r >= 0)
                r = hub_database_each_block(hub->database, load_block, hub);
        if (r >= 0)
                r = hub_database_each_called(hub->database, load_called, hub);
        if (r >= 0)
                r = hub_groups_each(hub_database_groups(hub->database), load_group, hub);
        if (r >= 0)
                r = hub_database_drop_unfinished(hub->database);
        if (r >= 0)
                r = hub_database_each_live(hub->database, load_call, hub);
        if (r >= 0)
                r = call_history_latest(hub_database_history(hub->database), ENDED_RESTORED_MAX,
                                        load_ended, hub);
        return r;
}

/* Takes what `write` owns. */
static int add(Hub *hub, Write *write)
{
        return commit_add(hub->commit, write, clock_boottime());
}

static int store_members(Hub *hub, const LiveCall *live)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < live->n_members; i++) {
                const LiveMember *member = &live->members[i];
                Write write = {.type = WRITE_LIVE_MEMBER};

                STR_SET(write.session_id, live->record.session_id);
                STR_SET(write.uid, member->party.uid);
                r = wire_encode_live_member(member, &write.json);
                if (r >= 0)
                        r = add(hub, &write);
        }
        return r;
}

/*
 * The row of the call itself comes last, and makes the rows of its members count: a hub that is
 * killed between two commits has stored the call with all of its members, or not at all.
 */
static int store_live(Hub *hub, LiveCall *live, bool continues)
{
        Write write = {.type = WRITE_LIVE};
        bool group = live->record.receiver_type == RECEIVER_TYPE_GROUP;
        size_t n_members = live->n_members;

        if (group) {
                int r = store_members(hub, live);
                if (r < 0 || continues)
                        return r;
                live->n_members = 0;
        }
        STR_SET(write.session_id, live->record.session_id);
        int r = wire_encode_live(live, &write.json);
        live->n_members = n_members;
        return r < 0 ? r : add(hub, &write);
}

static int store_record(Hub *hub, const ExchangeAction *action)
{
        Write write = {.type = WRITE_LOG,
                       .unseen = !action->record.seen,
                       .initiated_at = action->record.initiated_at};
        CallRecord bare = action->record;
        int r = 0;

        bare.metadata = (Metadata){0};
        STR_SET(write.uid, action->uid);
        STR_SET(write.session_id, action->record.session_id);
        if (action->record.metadata.count > 0)
                r = wire_encode_metadata(&action->record, &write.metadata);
        if (r >= 0)
                r = wire_encode_record(&bare, &write.json);
        if (r < 0)
                write_done(&write);
        return r < 0 ? r : add(hub, &write);
}

/* One of them at a time: each is changed by a request of its own. */
static int store_settings(Hub *hub, const ExchangeAction *action)
{
        const MessageSettings *settings = &action->settings;
        Write write = {.when_busy = settings->when_busy, .who_may_ring = settings->who_may_ring};

        if (!settings->has_when_busy && !settings->has_who_may_ring)
                return 0;
        write.type = settings->has_when_busy ? WRITE_WHEN_BUSY : WRITE_WHO_MAY_RING;
        STR_SET(write.uid, action->uid);
        return add(hub, &write);
}

int hub_store(Hub *hub, ExchangeAction *action)
{
        Write write = {0};

        switch (action->type) {
        case EXCHANGE_SAVE:
                return store_live(hub, &action->live, action->continues);
        case EXCHANGE_LOG:
                return store_record(hub, action);
        case EXCHANGE_DROP:
                write.type = WRITE_DROP;
                STR_SET(write.session_id, action->session_id);
                break;
        case EXCHANGE_USER:
                return store_settings(hub, action);
        case EXCHANGE_BLOCK:
        case EXCHANGE_CALLED:
                write.type = action->type == EXCHANGE_BLOCK ? WRITE_BLOCK : WRITE_CALLED;
                write.on = action->block.on;
                STR_SET(write.other, action->block.uid);
                break;
        case EXCHANGE_SEND:
        case EXCHANGE_DISCONNECT:
                assert(!"nothing to store in what goes to a device");
        }
        STR_SET(write.uid, action->uid);
        return add(hub, &write);
}
