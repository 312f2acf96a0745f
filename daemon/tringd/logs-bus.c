/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "tringd/bus-objects.h"
#include "tringd/call-options.h"
#include "tringd/details.h"
#include "tringd/errors.h"
#include "tringd/options.h"
#include "tringd/state-store.h"

#define WORD_SIZE 32 /* bytes; the API's statuses and types have at most 10 */

typedef struct FilterWords {
        char status[WORD_SIZE], direction[WORD_SIZE], type[WORD_SIZE], receiver_type[WORD_SIZE];
} FilterWords;

static int words_to_filter(const FilterWords *words, const Option *known, HistoryFilter *filter,
                           sd_bus_error *error)
{
        int r = 0;

        filter->has_status = known[0].given;
        filter->has_direction = known[1].given;
        filter->has_type = known[2].given;
        filter->has_receiver_type = known[3].given;
        if (filter->has_status && call_status_from_string(words->status, &filter->status) < 0)
                return error_invalid(error, "filter 'status':", words->status, "is not a status");
        if (filter->has_direction &&
            call_direction_from_string(words->direction, &filter->direction) < 0)
                return error_invalid(error, "filter 'direction':", words->direction,
                                     "is neither 'incoming' nor 'outgoing'");
        if (filter->has_type)
                r = call_type_read("filter 'call_type':", words->type, &filter->type, error);
        if (r >= 0 && filter->has_receiver_type)
                r = receiver_type_read("filter 'receiver_type':", words->receiver_type,
                                       &filter->receiver_type, error);
        return r;
}

static int read_filter(sd_bus_message *message, HistoryFilter *ret, sd_bus_error *error)
{
        HistoryFilter filter = {};
        FilterWords words = {};
        int64_t since = 0, until = 0;
        Option known[] = {
                {"status", OPTION_TEXT, words.status, sizeof(words.status)},
                {"direction", OPTION_TEXT, words.direction, sizeof(words.direction)},
                {"call_type", OPTION_TEXT, words.type, sizeof(words.type)},
                {"receiver_type", OPTION_TEXT, words.receiver_type, sizeof(words.receiver_type)},
                {"peer", OPTION_TEXT, filter.peer, sizeof(filter.peer)},
                {"since", OPTION_NUMBER, &since},
                {"until", OPTION_NUMBER, &until},
                {"unseen", OPTION_BOOL, &filter.unseen},
        };
        int r = options_read(message, "filter", known, ELEMENTSOF(known), error);

        if (r >= 0)
                r = words_to_filter(&words, known, &filter, error);
        if (r < 0)
                return r;
        if (since < 0 || until < 0)
                return error_set(error, CALL_ERROR_INVALID_ARGUMENT,
                                 "filter '%s' is before 1970: it counts microseconds since then",
                                 since < 0 ? "since" : "until");
        filter.since = (usec_t)since;
        filter.until = (usec_t)until;
        *ret = filter;
        return 0;
}

static int append_record(sd_bus_message *reply, const CallRecord *record)
{
        int r = details_open(reply);

        if (r >= 0)
                r = details_put_record(reply, record);
        if (r >= 0)
                r = details_put(reply, "remaining_ms", "u", (uint32_t)0);
        if (r >= 0)
                r = details_put(reply, "seen", "b", (int)record->seen);
        return r < 0 ? r : details_close(reply);
}

static int reply_page(sd_bus_message *call, const HistoryPage *page)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = sd_bus_message_new_method_return(call, &reply);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        for (size_t i = 0; r >= 0 && i < page->n_records; i++)
                r = append_record(reply, &page->records[i]);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_message_append(reply, "s", page->next);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int method_get_call_logs(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Daemon *daemon = userdata;
        _cleanup_(history_page_done) HistoryPage page = {};
        HistoryFilter filter;
        const char *cursor;
        uint32_t limit;
        int r = read_filter(message, &filter, error);

        if (r >= 0)
                r = sd_bus_message_read(message, "us", &limit, &cursor);
        if (r < 0)
                return r;
        if (limit == 0)
                limit = HISTORY_PAGE_DEFAULT;
        History *history = state_store_history(daemon);
        r = history ? history_page(history, &filter, MIN_OF(limit, HISTORY_PAGE_MAX), cursor, &page)
                    : 0;
        if (r == -EINVAL)
                return error_invalid(error, "cursor", cursor, "does not come from GetCallLogs");
        if (r < 0)
                return r;
        r = reply_page(message, &page);
        return r < 0 ? r : 1;
}

static int read_sessions(sd_bus_message *message, MessageSessions *ret, sd_bus_error *error)
{
        const char *session_id;
        int r = sd_bus_message_enter_container(message, 'a', "s");

        if (r < 0)
                return r;
        ret->session_ids = calloc(SESSION_IDS_MAX, sizeof(*ret->session_ids));
        if (!ret->session_ids)
                return -ENOMEM;
        while ((r = sd_bus_message_read(message, "s", &session_id)) > 0) {
                if (ret->count == SESSION_IDS_MAX)
                        return error_set(error, CALL_ERROR_TOO_MANY,
                                         "more than %d session_ids at once", SESSION_IDS_MAX);
                r = session_id_read(session_id, ret->session_ids[ret->count], error);
                if (r < 0)
                        return r;
                ret->count++;
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

typedef int (*ChangeHistory)(History *history, const MessageSessions *sessions,
                             size_t *ret_changed);

/*
 * Changes the records on this device at once. The hub hears of it when it can be reached; the
 * program does not wait for that.
 */
static int change_logs(Daemon *daemon, const PhoneCommand *command, ChangeHistory change)
{
        History *history = state_store_history(daemon);
        size_t changed = 0;
        int r = history ? change(history, &command->sessions, &changed) : 0;

        if (r < 0)
                return r;
        daemon->logs_changed = daemon->logs_changed || changed > 0;
        r = phone_command(daemon->phone, DAEMON_NOW(daemon), command,
                          pending_methods_ticket(daemon->pending_methods));
        daemon_pump(daemon);
        return r;
}

/* All that this device has, by id: the hub may have more by now, which nobody here has seen. */
static int change_all_logs(Daemon *daemon, PhoneCommand *command, ChangeHistory change)
{
        bool unseen = command->type == PHONE_COMMAND_SEEN;
        History *history = state_store_history(daemon);
        size_t count;
        int r = 0;

        if (!history)
                return 0;
        do {
                free(command->sessions.session_ids);
                command->sessions = (MessageSessions){0};
                r = history_newest(history, unseen, &command->sessions);
                count = command->sessions.count;
                if (r >= 0 && count > 0)
                        r = change_logs(daemon, command, change);
        } while (r >= 0 && count == SESSION_IDS_MAX);
        return r;
}

static int method_change_logs(Daemon *daemon, sd_bus_message *message, PhoneCommandType type,
                              ChangeHistory change, sd_bus_error *error)
{
        _cleanup_(phone_command_done) PhoneCommand command = {.type = type};
        int r = STR_SET(command.client, message_client(message));

        if (r >= 0)
                r = read_sessions(message, &command.sessions, error);
        if (r < 0)
                return r;
        r = command.sessions.count > 0 ? change_logs(daemon, &command, change)
                                       : change_all_logs(daemon, &command, change);
        return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

int method_delete_call_logs(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return method_change_logs(userdata, message, PHONE_COMMAND_FORGET, history_forget, error);
}

int method_mark_missed_seen(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return method_change_logs(userdata, message, PHONE_COMMAND_SEEN, history_mark_seen, error);
}
