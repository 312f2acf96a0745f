/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/talker.h"

#include <inttypes.h>
#include <stdarg.h>
#include <sys/random.h>

#include "base/str.h"

Talker *talker_connect(uint16_t port, const WsOptions *options)
{
        Talker *talker = rig_alloc(sizeof(*talker));

        *talker = (Talker){.events = cJSON_CreateArray()};
        int r = ws_connect(port, options, &talker->ws, NULL);
        if (r != 0)
                rig_fail("cannot connect to the hub: %d", r);
        return talker;
}

Talker *talker_new(uint16_t port, const char *token, const char *device)
{
        Talker *talker = talker_connect(port, NULL);
        cJSON *reply = talker_request(
                talker, "hello", "\"version\":1,\"token\":\"%s\",\"device\":\"%s\"", token, device);

        talker->welcome = cJSON_DetachItemFromObjectCaseSensitive(reply, "ok");
        if (!talker->welcome)
                rig_fail("hello was refused: %s", cJSON_PrintUnformatted(reply));
        cJSON_Delete(reply);
        return talker;
}

Talker *talker_resume(uint16_t port, const char *token, const char *device, const Talker *before)
{
        Talker *talker = talker_connect(port, NULL);

        talker->seq = before->seq;
        talker->silent = true; /* hello carries no acknowledgement */
        cJSON *reply =
                talker_request(talker, "hello",
                               "\"version\":1,\"token\":\"%s\",\"device\":\"%s\","
                               "\"resume\":\"%s\",\"resume_seq\":%" PRIu64,
                               token, device, talker_text(before->welcome, "link"), before->seq);
        talker->silent = false;
        talker->welcome = cJSON_DetachItemFromObjectCaseSensitive(reply, "ok");
        if (!talker->welcome)
                rig_fail("hello was refused: %s", cJSON_PrintUnformatted(reply));
        cJSON_Delete(reply);
        if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(talker->welcome, "resumed")))
                talker->seq = 0;
        return talker;
}

Talker *talker_free(Talker *talker)
{
        if (!talker)
                return NULL;
        ws_free(talker->ws);
        cJSON_Delete(talker->events);
        cJSON_Delete(talker->welcome);
        free(talker);
        return NULL;
}

_printf_(3, 0) static bool say(Talker *talker, const char *op, const char *members,
                               va_list arguments)
{
        _cleanup_free_ char *text = NULL, *rest = NULL;

        if (vasprintf(&rest, members, arguments) < 0)
                rig_fail("out of memory");
        text = str_printf("{\"op\":\"%s\",\"id\":%" PRIu64 ",\"ack\":%" PRIu64 "%s%s}", op,
                          ++talker->id, talker->silent ? 0 : talker->seq, *rest ? "," : "", rest);
        if (!text)
                rig_fail("out of memory");
        return ws_send(talker->ws, text) >= 0;
}

void talker_say(Talker *talker, const char *op, const char *members, ...)
{
        va_list arguments;

        va_start(arguments, members);
        if (!say(talker, op, members, arguments))
                rig_fail("cannot send \"%s\"", op);
        va_end(arguments);
}

bool talker_try(Talker *talker, const char *op, const char *members, ...)
{
        va_list arguments;

        va_start(arguments, members);
        bool sent = say(talker, op, members, arguments);
        va_end(arguments);
        return sent;
}

cJSON *talker_next(Talker *talker, const char *what)
{
        _cleanup_free_ char *text = NULL;
        int r = ws_receive(talker->ws, rig_patience_ms(), &text);

        if (r == WS_CLOSED)
                return NULL;
        if (r < 0)
                rig_fail("waiting for %s: %s", what, strerror(-r));
        cJSON *message = cJSON_Parse(text);
        if (!message)
                rig_fail("the hub said what is not JSON: %s", text);
        const cJSON *seq = cJSON_GetObjectItemCaseSensitive(message, "seq");
        if (seq) {
                if (seq->valuedouble != (double)talker->seq + 1)
                        rig_fail("after seq %" PRIu64 " came: %s", talker->seq, text);
                talker->seq++;
        }
        return message;
}

cJSON *talker_reply(Talker *talker, uint64_t id)
{
        for (;;) {
                cJSON *message = talker_next(talker, "a reply");

                if (!message)
                        rig_fail("closed (%d %s) in place of a reply", ws_close_code(talker->ws),
                                 ws_close_text(talker->ws));
                const cJSON *reply_id = cJSON_GetObjectItemCaseSensitive(message, "id");
                if (reply_id && reply_id->valuedouble == (double)id)
                        return message;
                cJSON_AddItemToArray(talker->events, message);
        }
}

cJSON *talker_request(Talker *talker, const char *op, const char *members, ...)
{
        va_list arguments;

        va_start(arguments, members);
        if (!say(talker, op, members, arguments))
                rig_fail("cannot send \"%s\"", op);
        va_end(arguments);
        return talker_reply(talker, talker->id);
}

void talker_ok(cJSON *reply)
{
        if (!cJSON_GetObjectItemCaseSensitive(reply, "ok"))
                rig_fail("not \"ok\": %s", cJSON_PrintUnformatted(reply));
        cJSON_Delete(reply);
}

void talker_refused(cJSON *reply, const char *error, const char *text)
{
        const cJSON *object = cJSON_GetObjectItemCaseSensitive(reply, "error");

        if (!object || !str_eq(talker_text(object, "name"), error) ||
            !strstr(talker_text(object, "message"), text))
                rig_fail("expected %s … %s …: %s", error, text, cJSON_PrintUnformatted(reply));
        cJSON_Delete(reply);
}

static cJSON *take_event(Talker *talker, const char *name)
{
        int i = 0;
        const cJSON *event;

        cJSON_ArrayForEach (event, talker->events) {
                if (str_eq(talker_text(event, "event"), name))
                        return cJSON_DetachItemFromArray(talker->events, i);
                i++;
        }
        return NULL;
}

cJSON *talker_event(Talker *talker, const char *name)
{
        for (;;) {
                cJSON *event = take_event(talker, name);

                if (event)
                        return event;
                cJSON *message = talker_next(talker, name);
                if (!message)
                        rig_fail("closed (%d %s) in place of \"%s\"", ws_close_code(talker->ws),
                                 ws_close_text(talker->ws), name);
                cJSON_AddItemToArray(talker->events, message);
        }
}

bool talker_has_event(Talker *talker, const char *name)
{
        cJSON *event = take_event(talker, name);

        cJSON_Delete(event);
        return event;
}

void talker_closed(Talker *talker, int code, const char *text)
{
        cJSON *message;

        while ((message = talker_next(talker, "the end")))
                cJSON_AddItemToArray(talker->events, message);
        if (ws_close_code(talker->ws) != code || !strstr(ws_close_text(talker->ws), text))
                rig_fail("expected to be closed by %d … %s …, but it was %d %s", code, text,
                         ws_close_code(talker->ws), ws_close_text(talker->ws));
}

const char *talker_text(const cJSON *object, const char *name)
{
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

        return cJSON_IsString(item) ? item->valuestring : "";
}

void talker_uuid(char ret[static TALKER_UUID_SIZE])
{
        unsigned char b[16];
        char hex[33];

        if (getrandom(b, sizeof(b), 0) != sizeof(b))
                rig_fail("no random numbers");
        hex_encode(b, sizeof(b), hex);
        snprintf(ret, TALKER_UUID_SIZE, "%.8s-%.4s-4%.3s-8%.3s-%.12s", hex, hex + 8, hex + 12,
                 hex + 15, hex + 18);
}

cJSON *talker_initiate(Talker *talker, const char *session_id, const char *receiver)
{
        return talker_request(
                talker, "initiate",
                "\"session_id\":\"%s\",\"receiver\":\"%s\",\"receiver_type\":\"user\","
                "\"call_type\":\"audio\",\"join\":false",
                session_id, receiver);
}
