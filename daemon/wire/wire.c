/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/wire.h"

#include <assert.h>
#include <errno.h>

#include "wire/messages.h"

#define WORD_SHOWN 48 /* bytes of an unknown op or event that the sentence repeats */

static const JsonLimits wire_limits = {WIRE_MESSAGE_MAX, WIRE_NESTING_MAX, WIRE_MEMBERS_MAX,
                                       WIRE_VALUES_MAX};

/* Writes the sentence about an unknown word, and returns WIRE_E_UNKNOWN. */
static int unknown_word(const FieldReader *reader, const char *what, const char *word)
{
        char printable[WORD_SHOWN];

        (void)field_refuse(reader, "unknown %s \"%s\"", what,
                           str_printable(printable, sizeof(printable), word));
        return WIRE_E_UNKNOWN;
}

static int read_fields(const FieldReader *reader, const FieldTable *table, const cJSON *root,
                       Message *message)
{
        int r = fields_read(reader, table, root, message);

        return r == -EBADMSG ? WIRE_E_INVALID : r;
}

static int invalid(const FieldReader *reader, const char *sentence)
{
        (void)field_refuse(reader, "%s", sentence);
        return WIRE_E_INVALID;
}

static int read_request(const FieldReader *reader, const cJSON *root, Message *message)
{
        MessageType type;
        const cJSON *op = json_member(root, "op");

        if (!cJSON_IsString(op))
                return invalid(reader, "a message needs an \"op\", a string");
        if (message_type_from_string(op->valuestring, &type) < 0 ||
            (!message_type_is_request(type) && type != MESSAGE_ACK))
                return unknown_word(reader, "op", op->valuestring);
        message->type = type;
        return read_fields(reader, message_fields(type), root, message);
}

static int read_event(const FieldReader *reader, const cJSON *root, const cJSON *event,
                      Message *message)
{
        MessageType type;

        if (!cJSON_IsString(event))
                return invalid(reader, "\"event\" must be a string");
        if (message_type_from_string(event->valuestring, &type) < 0 || !message_type_is_event(type))
                return unknown_word(reader, "event", event->valuestring);
        message->type = type;
        return read_fields(reader, message_fields(type), root, message);
}

static int read_reply(const FieldReader *reader, const cJSON *root, const cJSON *ok,
                      Message *message)
{
        ReplyKind kind = REPLY_PLAIN;
        const cJSON *word = json_member(ok, "kind");

        message->type = MESSAGE_REPLY;
        if (!ok)
                return read_fields(reader, &reply_error_fields, root, message);
        if (word && (!cJSON_IsString(word) || reply_kind_from_string(word->valuestring, &kind) < 0))
                return invalid(reader, "reply: \"kind\" is not one that is known here");
        /* Set before the body is read, so that message_done() knows what to free. */
        message->reply.kind = kind;
        return read_fields(reader, reply_ok_fields(kind), root, message);
}

static int read_from_hub(const FieldReader *reader, const cJSON *root, Message *message)
{
        const cJSON *event = json_member(root, "event");
        const cJSON *ok = json_member(root, "ok"), *error = json_member(root, "error");

        if (!!event + !!ok + !!error != 1)
                return invalid(reader, "a message needs one of \"event\", \"ok\" and \"error\"");
        return event ? read_event(reader, root, event, message)
                     : read_reply(reader, root, ok, message);
}

int wire_decode(WireSide from, const char *json, size_t length, Message *ret, uint64_t *ret_id,
                char text[static MESSAGE_TEXT_MAX + 1])
{
        const FieldReader reader = {.strict = from == WIRE_FROM_DEVICE, .text = text};
        _cleanup_(cJSON_Deletep) cJSON *root = NULL;
        _cleanup_(message_done) Message message = {0};
        int64_t id = 0;
        int r = json_parse(json, length, &wire_limits, &root, text);

        if (r < 0)
                return r == -EMSGSIZE ? WIRE_E_TOO_BIG : r == -EBADMSG ? WIRE_E_MALFORMED : r;
        if (!cJSON_IsObject(root))
                r = invalid(&reader, "a message must be an object");
        else if (from == WIRE_FROM_DEVICE)
                r = read_request(&reader, root, &message);
        else
                r = read_from_hub(&reader, root, &message);

        if (r != 0) {
                bool event = r == WIRE_E_UNKNOWN && from == WIRE_FROM_HUB;

                (void)json_integer(json_member(root, event ? "seq" : "id"), 1, &id);
                *ret_id = (uint64_t)id;
                return r;
        }
        *ret = message;
        message = (Message){0};
        return 0;
}

static const FieldTable *encode_table(const Message *message)
{
        if (message->type != MESSAGE_REPLY)
                return message_fields(message->type);
        return message->reply.error == CALL_ERROR_NONE ? reply_ok_fields(message->reply.kind)
                                                       : &reply_error_fields;
}

int wire_decode_from_hub(const char *json, size_t length, Message *ret,
                         char text[static MESSAGE_TEXT_MAX + 1])
{
        uint64_t id;
        int r = wire_decode(WIRE_FROM_HUB, json, length, ret, &id, text);

        if (r != WIRE_E_UNKNOWN)
                return r;
        *ret = (Message){.type = MESSAGE_NONE, .seq = id};
        return 0;
}

int wire_encode(const Message *message, size_t headroom, char **ret, size_t *ret_length)
{
        const FieldTable *table = encode_table(message);

        assert(table);
        return fields_encode(table, message, headroom, WIRE_MESSAGE_MAX, ret, ret_length);
}
