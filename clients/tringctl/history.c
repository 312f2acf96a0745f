/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/str.h"
#include "bus.h"
#include "print.h"

#define LIMIT_DEFAULT 50

static int fetch_page(sd_bus *bus, bool missed, unsigned limit, const char *cursor,
                      sd_bus_message **ret)
{
        _cleanup_message_ sd_bus_message *message = NULL;
        int r = bus_method(bus, TRING_PATH, TRING_MANAGER, METHOD_GET_CALL_LOGS, &message);

        if (r >= 0)
                r = missed ? sd_bus_message_append(message, "a{sv}", 1, "status", "s", "missed")
                           : sd_bus_message_append(message, "a{sv}", 0);
        if (r >= 0)
                r = sd_bus_message_append(message, "us", limit, cursor);
        return r < 0 ? fail_errno(r, "prepare the request") : bus_send(bus, message, ret);
}

/* Moves at most `room` records of a page to the end of `records`. */
static int take_page(sd_bus_message *page, unsigned room, cJSON *records, char **ret_next)
{
        _cleanup_json_ cJSON *batch = NULL;
        const char *next;
        int r = json_from_message(page, &batch);

        if (r < 0)
                return r;
        r = sd_bus_message_read_basic(page, SD_BUS_TYPE_STRING, &next);
        if (r < 0)
                return r;
        for (unsigned i = 0; i < room && cJSON_GetArraySize(batch) > 0; i++)
                cJSON_AddItemToArray(records, cJSON_DetachItemFromArray(batch, 0));
        free(*ret_next);
        *ret_next = strdup(next);
        return *ret_next ? 0 : -ENOMEM;
}

static int fetch_history(sd_bus *bus, const Arguments *arguments, cJSON *records)
{
        unsigned limit = arguments->limit > 0 ? arguments->limit : LIMIT_DEFAULT;
        bool missed = arguments->options & WITH_MISSED;
        _cleanup_free_ char *cursor = strdup("");

        if (!cursor)
                return fail_errno(-ENOMEM, "read the history");
        do {
                _cleanup_message_ sd_bus_message *page = NULL;
                unsigned have = (unsigned)cJSON_GetArraySize(records);
                int code = fetch_page(bus, missed, limit - have, cursor, &page);

                if (code != EXIT_DONE)
                        return code;
                int r = take_page(page, limit - have, records, &cursor);
                if (r < 0)
                        return fail_errno(r, "read the history");
        } while (*cursor && (unsigned)cJSON_GetArraySize(records) < limit);
        return EXIT_DONE;
}

static void print_record(const cJSON *record)
{
        bool incoming = str_eq(json_string(record, "direction"), "incoming");
        const char *status = json_string(record, "status"), *reason = json_string(record, "reason");
        char date[PRINT_TIME_MAX], time[PRINT_TIME_MAX], peer[PRINT_PERSON_MAX], text[64];

        printf("%s  %.*s  %s %s, %s, %s", print_date(date, json_number(record, "initiated_at")),
               SHORT_ID_LENGTH, json_string(record, "session_id"), incoming ? "from" : "to",
               print_peer(peer, record), json_string(record, "call_type"), status);
        if (str_eq(status, "ended"))
                printf(" after %s",
                       print_duration(time, (unsigned)json_number(record, "duration")));
        if (!str_empty(reason) && !str_eq(reason, status))
                printf(" (%s)", str_printable(text, sizeof(text), reason));
        putchar('\n');
}

int verb_history(sd_bus *bus, const Arguments *arguments)
{
        _cleanup_json_ cJSON *records = cJSON_CreateArray();
        const cJSON *record;

        if (!records)
                return fail_errno(-ENOMEM, "read the history");
        int code = fetch_history(bus, arguments, records);
        if (code != EXIT_DONE)
                return code;
        if (arguments->json) {
                code = print_json(records);
        } else {
                cJSON_ArrayForEach (record, records)
                        print_record(record);
                if (cJSON_GetArraySize(records) == 0)
                        puts(arguments->options & WITH_MISSED ? "no missed calls" : "no calls yet");
        }
        if (code != EXIT_DONE || !(arguments->options & WITH_MARK_SEEN))
                return code;
        /* An empty list means all missed calls. */
        return bus_call(bus, TRING_PATH, TRING_MANAGER, METHOD_MARK_MISSED_SEEN, NULL, "as", 0);
}
