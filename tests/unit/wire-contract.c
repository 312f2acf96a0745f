/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints the protocol as the code has it: each member of each message and stored row, with its kind
 * and its limits; the words of each enum; numbers that both ends rely on. tests/check-contract
 * compares that with tests/data/contract/wire.
 */
#include <stdio.h>

#include "model/message.h"
#include "model/rules.h"
#include "model/session-types.h"
#include "wire/media-signal.h"
#include "wire/messages.h"
#include "wire/wire.h"
#include "wire/worker.h"

#define PREFIX_MAX 256
#define WORDS_SHOWN 16 /* in the line of a field */

static const char *const kinds[FIELD_KIND_COUNT] = {
        [FIELD_UUID] = "uuid",
        [FIELD_UID] = "uid",
        [FIELD_TOKEN] = "token",
        [FIELD_TEXT] = "text",
        [FIELD_DATA] = "data",
        [FIELD_BOOL] = "bool",
        [FIELD_INT] = "int",
        [FIELD_U32] = "u32",
        [FIELD_U64] = "u64",
        [FIELD_DOUBLE] = "double",
        [FIELD_WORD] = "word",
        [FIELD_METADATA] = "metadata",
        [FIELD_UUID_LIST] = "uuid-list",
        [FIELD_UID_LIST] = "uid-list",
        [FIELD_OBJECT] = "object",
        [FIELD_FLAT] = "flat",
        [FIELD_LIST] = "list",
};

/* Each word of each enum; some stand in several. */
static const char *words[256];
static size_t n_words;

#define ADD_WORDS(count, to_string)            \
        for (unsigned i = 0; i < (count); i++) \
        words[n_words++] = to_string(i)

static void add_words(void)
{
        ADD_WORDS(CALL_STATUS_COUNT, call_status_to_string);
        ADD_WORDS(CALL_TYPE_COUNT, call_type_to_string);
        ADD_WORDS(RECEIVER_TYPE_COUNT, receiver_type_to_string);
        ADD_WORDS(CALL_DIRECTION_COUNT, call_direction_to_string);
        ADD_WORDS(WHEN_BUSY_COUNT, when_busy_to_string);
        ADD_WORDS(WHO_MAY_RING_COUNT, who_may_ring_to_string);
        ADD_WORDS(MEMBER_STATE_COUNT, member_state_to_string);
        ADD_WORDS(CALL_ERROR_COUNT, call_error_to_string);
        ADD_WORDS(REPLY_KIND_COUNT, reply_kind_to_string);
        for (MessageType type = MESSAGE_HELLO; type < MESSAGE_TYPE_COUNT; type++)
                words[n_words++] = message_type_to_string(type);
}

/* The words that a field takes; of those with many, print_words() has them once. */
static void print_choice(const FieldWords *choice)
{
        const char *taken[WORDS_SHOWN];
        size_t n = 0;

        for (size_t i = 0; i < n_words; i++) {
                unsigned value;

                if (choice->from_string(words[i], &value) < 0 ||
                    !str_eq(choice->to_string(value), words[i]))
                        continue;
                if (n == WORDS_SHOWN)
                        return;
                taken[n++] = words[i];
        }
        for (size_t i = 0; i < n; i++)
                printf("%s%s", i == 0 ? " " : "|", taken[i]);
}

static bool has_length(FieldKind kind)
{
        return kind == FIELD_UID || kind == FIELD_TOKEN || kind == FIELD_TEXT;
}

static void print_table(const char *prefix, const FieldTable *table)
{
        for (const Field *field = table->fields; field < table->fields + table->n_fields; field++) {
                char name[PREFIX_MAX];

                if (field->kind == FIELD_FLAT) {
                        print_table(prefix, field->table);
                        continue;
                }
                (void)snprintf(name, sizeof(name), "%s.%s", prefix, field->name);
                printf("%s %s", name, kinds[field->kind]);
                if (has_length(field->kind))
                        printf(" max=%zu", field->size - 1);
                if (field->max > 0)
                        printf(" max=%u", field->max);
                if (field->words)
                        print_choice(field->words);
                printf("%s%s\n", field->flags & FIELD_REQUIRED ? " required" : "",
                       field->flags & FIELD_FROM_ONE ? " from-one" : "");
                if (field->kind == FIELD_OBJECT || field->kind == FIELD_LIST)
                        print_table(name, field->table);
        }
}

static void print_messages(void)
{
        for (MessageType type = MESSAGE_HELLO; type < MESSAGE_TYPE_COUNT; type++)
                if (message_fields(type))
                        print_table(message_type_to_string(type), message_fields(type));
        for (ReplyKind kind = 0; kind < REPLY_KIND_COUNT; kind++) {
                char prefix[PREFIX_MAX];

                (void)snprintf(prefix, sizeof(prefix), "reply-%s", reply_kind_to_string(kind));
                print_table(prefix, reply_ok_fields(kind));
        }
        print_table("reply-error", &reply_error_fields);
        print_table("record", &record_fields);
        print_table("live-call", &live_call_fields);
        print_table("live-member", &live_member_fields);
}

#define PRINT_WORDS(name, count, to_string)    \
        for (unsigned i = 0; i < (count); i++) \
        printf("word %s \"%s\"\n", (name), to_string(i))

static void print_words(void)
{
        PRINT_WORDS("status", CALL_STATUS_COUNT, call_status_to_string);
        PRINT_WORDS("call-type", CALL_TYPE_COUNT, call_type_to_string);
        PRINT_WORDS("receiver-type", RECEIVER_TYPE_COUNT, receiver_type_to_string);
        PRINT_WORDS("direction", CALL_DIRECTION_COUNT, call_direction_to_string);
        PRINT_WORDS("when-busy", WHEN_BUSY_COUNT, when_busy_to_string);
        PRINT_WORDS("who-may-ring", WHO_MAY_RING_COUNT, who_may_ring_to_string);
        PRINT_WORDS("member-state", MEMBER_STATE_COUNT, member_state_to_string);
        PRINT_WORDS("reason", CALL_REASON_COUNT, call_reason_to_string);
        PRINT_WORDS("error", CALL_ERROR_COUNT, call_error_to_string);
        PRINT_WORDS("session-state", SESSION_STATE_COUNT, session_state_to_string);
        PRINT_WORDS("echo-cancel", ECHO_CANCEL_NO + 1, echo_cancel_to_string);
}

#define NUMBER(name) printf("number %s %llu\n", #name, (unsigned long long)(name))

static void print_numbers(void)
{
        NUMBER(PROTOCOL_VERSION);
        NUMBER(WIRE_PORT);
        NUMBER(WIRE_MESSAGE_MAX);
        NUMBER(WIRE_NESTING_MAX);
        NUMBER(WIRE_MEMBERS_MAX);
        NUMBER(WIRE_VALUES_MAX);
        NUMBER(WIRE_IN_FLIGHT_MAX);
        NUMBER(WIRE_CLOSE_NORMAL);
        NUMBER(WIRE_CLOSE_GOING_AWAY);
        NUMBER(WIRE_CLOSE_UNSUPPORTED);
        NUMBER(WIRE_CLOSE_TOO_BIG);
        NUMBER(WIRE_CLOSE_MALFORMED);
        NUMBER(WIRE_CLOSE_AUTH_FAILED);
        NUMBER(WIRE_CLOSE_REPLACED);
        NUMBER(WIRE_CLOSE_HELLO_EXPECTED);
        NUMBER(WIRE_CLOSE_TOO_MANY);
        NUMBER(WIRE_CLOSE_TOO_SLOW);
        NUMBER(WIRE_CLOSE_REVOKED);
        NUMBER(WIRE_CLOSE_VERSION);
        NUMBER(SIGNAL_DATA_MAX);
        NUMBER(METADATA_MAX);
        NUMBER(METADATA_KEY_MAX);
        NUMBER(METADATA_VALUE_MAX);
        NUMBER(HISTORY_PAGE_MAX);
        NUMBER(GROUP_MEMBERS_MAX);
        NUMBER(WORKER_MESSAGE_MAX);
        NUMBER(WORKER_SOCKET_FD);
        NUMBER(WORKER_ORPHAN_S);
        printf("name WIRE_SUBPROTOCOL %s\n", WIRE_SUBPROTOCOL);
        printf("name WIRE_PATH %s\n", WIRE_PATH);
}

/* What workers write to each other through hub and tringd, which do not read it. */
static void print_media_signals(void)
{
        static char hex[MEDIA_SIGNAL_HEX_LENGTH + 1];
        char text[] = "text";
        MediaSignal signal = {
                .text = text, .mline = 1, .mid = "audio0", .ice_restart = true, .connection = 2};

        memset(hex, 'a', sizeof(hex) - 1);
        memcpy(signal.commitment, hex, sizeof(hex));
        memcpy(signal.nonce, hex, sizeof(hex));
        for (signal.type = MEDIA_SIGNAL_OFFER; signal.type <= MEDIA_SIGNAL_NONCE; signal.type++) {
                char *json;

                if (media_signal_encode(&signal, &json) < 0)
                        continue;
                printf("media-signal %s\n", json);
                free(json);
        }
}

int main(void)
{
        add_words();
        print_messages();
        print_words();
        print_numbers();
        print_media_signals();
        return 0;
}
