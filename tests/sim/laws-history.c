/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim.h"

/* Records that are seen, deleted, or too old. No clock of hub or device has a say in these laws. */

#define PRUNE_SLACK_US (2 * PRUNE_EVERY_US)

/* ---- seen and deleted ---- */

void laws_see_asked(Handset *handset, PhoneCommandType type, const MessageSessions *sessions)
{
        for (size_t i = 0; i < handset->history.n; i++) {
                const CallRecord *record = &handset->history.filed[i].record;
                Case *the_case = case_of(handset->world, record->session_id);

                if (!message_sessions_have(sessions, record))
                        continue;
                if (type == PHONE_COMMAND_SEEN)
                        the_case->asked_seen[handset->index] = true;
                else
                        the_case->asked_forgotten[handset->index] = true;
        }
}

void laws_see_record_changed(const Handset *by, PhoneCommandType type, const char *session_id)
{
        const Case *the_case = case_of(by->world, session_id);
        bool seen = type == PHONE_COMMAND_SEEN;
        bool asked = seen ? the_case->asked_seen[by->index] : the_case->asked_forgotten[by->index];

        if (!asked)
                law_broken(by->world, LAW_KNOWN, "call %s is %s for %s, which did not know of it",
                           session_id, seen ? "seen" : "deleted", handset_name(by));
}

/* ---- too old ---- */

static void judge_pruned(World *world, const Filed *filed, bool is_there)
{
        bool missed = filed->record.status == CALL_STATUS_MISSED && !filed->record.seen &&
                      !filed->forgotten;
        unsigned days = missed ? MAX_OF(world->weather.history_days, (unsigned)MISSED_DAYS_MIN)
                               : world->weather.history_days;
        usec_t age = world->now - filed->made_at, most = days * USEC_PER_DAY;

        if (!is_there && age < most)
                law_broken(world, LAW_RETENTION, "the record of %s of %s goes after %lu s of %lu s",
                           filed->record.session_id, filed->uid,
                           (unsigned long)(age / USEC_PER_SEC),
                           (unsigned long)(most / USEC_PER_SEC));
        if (is_there && age > most + PRUNE_SLACK_US && !world->hub.clock_was_wrong &&
            !world->hub.was_down)
                law_broken(world, LAW_RETENTION, "the record of %s of %s stays for %lu s of %lu s",
                           filed->record.session_id, filed->uid,
                           (unsigned long)(age / USEC_PER_SEC),
                           (unsigned long)(most / USEC_PER_SEC));
}

void laws_see_pruned(World *world, const bool *is_there)
{
        const Shelf *shelf = &world->hub.disk.history;

        for (size_t i = 0; i < shelf->n; i++) {
                const Filed *filed = &shelf->filed[i];

                if (!filed->pruned && !world->hub.disk.removed[user_number(filed->uid)])
                        judge_pruned(world, filed, is_there[i]);
        }
}
