/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "phone/history-events.h"

#include <errno.h>
#include <utlist.h>

#include "base/array.h"
#include "phone/action.h"
#include "phone/call.h"
#include "phone/end.h"
#include "phone/history.h"
#include "phone/request.h"

int phone_history_news(Phone *phone, const CallRecord *record)
{
        PhoneCall *call = call_find(phone, record->session_id);
        int r;

        r = phone_history_put(phone, record);
        if (r < 0)
                return r;
        return call && call_is_live(call) && call->unknown &&
                               call_record_is_same(&call->stored.record, record)
                       ? call_over_by_record(phone, call, record)
                       : 0;
}

void phone_history_pages_begin(Phone *phone)
{
        phone->n_history_pages = 0;
        phone->history_page_date = USEC_NEVER;
        *phone->history_page_id = '\0';
}

/* Whether the page goes further back than those before. One whose records are deleted is empty. */
static bool page_is_older(const Phone *phone, const char *cursor, const ReplyHistory *page)
{
        const CallRecord *last;

        if (page->n_records == 0)
                return !str_eq(page->next, cursor);
        last = &page->records[page->n_records - 1];
        return last->initiated_at != phone->history_page_date
                       ? last->initiated_at < phone->history_page_date
                       : strcmp(last->session_id, phone->history_page_id) < 0;
}

bool phone_history_pages_go_on(Phone *phone, const char *cursor, const ReplyHistory *page)
{
        if (!*page->next || ++phone->n_history_pages >= HISTORY_PAGES_MAX ||
            !page_is_older(phone, cursor, page))
                return false;
        if (page->n_records > 0) {
                const CallRecord *last = &page->records[page->n_records - 1];

                phone->history_page_date = last->initiated_at;
                STR_SET(phone->history_page_id, last->session_id);
        }
        return true;
}

int phone_history_page(Phone *phone, const ReplyHistory *page)
{
        int r;

        for (size_t i = 0; i < page->n_records; i++) {
                r = phone_history_news(phone, &page->records[i]);
                if (r == 0)
                        r = phone_reserve(phone);
                if (r < 0)
                        return r;
        }
        return 0;
}

/*
 * Whether the hub has lost this unanswered call, so that its deletion ends it. This device may be
 * placing its own call again, so only a deletion that names the call ends that one.
 */
static bool call_is_forgotten(Phone *phone, const PhoneCall *call, const MessageSessions *sessions)
{
        const char *session_id = call->stored.record.session_id;

        if (call->stored.record.status != CALL_STATUS_INITIATED)
                return false;
        return call_rings(call) ? call->unknown
                                : sessions->count > 0 &&
                                          (call->unknown || call->stored.unwanted ||
                                           hub_request_find(phone, MESSAGE_INITIATE, session_id));
}

/* Ends calls that the user has deleted on another device, without a record. */
static int message_forgotten_calls(Phone *phone, const MessageSessions *sessions)
{
        PhoneCall *call;
        int r;

        DL_FOREACH (phone->calls, call) {
                if (!message_sessions_have(sessions, &call->stored.record) ||
                    !call_is_forgotten(phone, call, sessions))
                        continue;
                r = call_end_unrecorded(phone, call, CALL_EVENT_CALLER_LOST);
                if (r == 0)
                        r = phone_reserve(phone);
                if (r < 0)
                        return r;
        }
        return 0;
}

int message_forgotten(Phone *phone, const Message *message)
{
        const MessageSessions *sessions = &message->sessions;
        char(*ids)[UUID_LENGTH + 1];
        int r = ARRAY_COPY(&ids, sessions->session_ids, sessions->count);

        if (r < 0)
                return r;
        PhoneAction *action = phone_act(phone, PHONE_HISTORY_FORGET, NULL);
        action->sessions.session_ids = ids;
        action->sessions.count = sessions->count;
        action->sessions.until = sessions->until;
        return message_forgotten_calls(phone, sessions);
}
