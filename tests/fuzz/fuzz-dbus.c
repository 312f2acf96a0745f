/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * D-Bus arguments: any method of the daemon with any values, of the right types or others, by a
 * program that does not wait for replies. The daemon is real but has no hub: what the phone sends
 * is dropped. It must keep answering.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "bus-fixture.h"
#include "fuzz.h"

#define RINGS "11111111-1111-4111-8111-111111111111"
#define GOES_ON "22222222-2222-4222-8222-222222222222"
#define CALLS_MAX 24 /* bounds the time of one input */
#define STRING_MAX 200
#define ENTRIES_MAX 4

typedef struct Method {
        const char *interface, *member, *types;
} Method;

#define ON_MANAGER(name, signature)            \
        {                                      \
                TRING_MANAGER, name, signature \
        }
#define ON_CALL(name, signature)            \
        {                                   \
                TRING_CALL, name, signature \
        }
#define ON_SESSION(name, signature)            \
        {                                      \
                TRING_SESSION, name, signature \
        }

static const Method methods[] = {
        MANAGER_METHODS(ON_MANAGER),
        CALL_METHODS(ON_CALL),
        SESSION_METHODS(ON_SESSION),
        {"org.freedesktop.DBus.Properties", "Set", "ssv"},
};

static const char *const words[] = {
        RINGS,           GOES_ON,         "user",        "group",
        "audio",         "video",         "rejected",    "busy",
        "cancelled",     "bob",           "alice",       "",
        "timeout",       "join",          "session",     "metadata",
        "parallel",      "tie_to_client", "end_others",  "path",
        "presents",      "priority",      "status",      "direction",
        "call_type",     "peer",          "since",       "until",
        "unseen",        "type",          "microphone",  "speaker",
        "device_name",   "/listener",     "incoming",    "missed",
        "WhenBusy",      "reject",        "ring",        "start_audio_muted",
        "receiver_type", "DoNotDisturb",  TRING_MANAGER, "ws://127.0.0.1:1/v1/ws",
        "insecure",
};

static const char *const paths[] = {
        TRING_PATH,
        "/org/tring/Calls1/call/11111111_1111_4111_8111_111111111111",
        "/org/tring/Calls1/call/22222222_2222_4222_8222_222222222222",
        "/org/tring/Calls1/call/33333333_3333_4333_8333_333333333333",
};

/* A meaningful word, or any text. The caller frees. */
static char *any_text(FuzzInput *input)
{
        unsigned choice = fuzz_byte(input);

        return choice < ELEMENTSOF(words) ? strdup(words[choice]) : fuzz_string(input, STRING_MAX);
}

static int append_basic(FuzzInput *input, sd_bus_message *message, char type)
{
        _cleanup_free_ char *text = NULL;
        union {
                uint64_t number;
                double real;
                int boolean;
        } value = {.number = 0};

        if (strchr("sog", type)) {
                text = any_text(input);
                return text ? sd_bus_message_append_basic(message, type, text) : -ENOMEM;
        }
        for (size_t i = 0; i < sizeof(value.number); i++)
                value.number = value.number << 8 | fuzz_byte(input);
        if (type == 'b')
                value.boolean &= 1;
        return sd_bus_message_append_basic(message, type, &value);
}

static int append_dictionary(FuzzInput *input, sd_bus_message *message, unsigned depth);

static int append_variant(FuzzInput *input, sd_bus_message *message, unsigned depth)
{
        static const char basics[] = "sobiutxdyg";
        char type[] = {basics[fuzz_below(input, sizeof(basics) - 1)], '\0'};
        bool nested = depth > 0 && fuzz_below(input, 8) == 0;
        int r = sd_bus_message_open_container(message, 'v', nested ? "a{sv}" : type);

        if (r >= 0)
                r = nested ? append_dictionary(input, message, depth - 1)
                           : append_basic(input, message, type[0]);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_dictionary(FuzzInput *input, sd_bus_message *message, unsigned depth)
{
        int r = sd_bus_message_open_container(message, 'a', "{sv}");

        for (unsigned n = fuzz_below(input, ENTRIES_MAX + 1); r >= 0 && n > 0; n--) {
                r = sd_bus_message_open_container(message, 'e', "sv");
                if (r >= 0)
                        r = append_basic(input, message, 's');
                if (r >= 0)
                        r = append_variant(input, message, depth);
                if (r >= 0)
                        r = sd_bus_message_close_container(message);
        }
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_strings(FuzzInput *input, sd_bus_message *message)
{
        int r = sd_bus_message_open_container(message, 'a', "s");

        for (unsigned n = fuzz_below(input, ENTRIES_MAX + 1); r >= 0 && n > 0; n--)
                r = append_basic(input, message, 's');
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_all(FuzzInput *input, sd_bus_message *message, const char *types)
{
        int r = 0;

        for (const char *type = types; r >= 0 && *type;) {
                if (fuzz_below(input, 32) == 31) { /* of another type than declared */
                        r = append_variant(input, message, 1);
                        type += strcspn(type, "}") == 4 ? 5 : 1;
                } else if (strncmp(type, "a{sv}", 5) == 0) {
                        r = append_dictionary(input, message, 2);
                        type += 5;
                } else if (strncmp(type, "as", 2) == 0) {
                        r = append_strings(input, message);
                        type += 2;
                } else if (*type == 'v') {
                        r = append_variant(input, message, 1);
                        type++;
                } else {
                        r = append_basic(input, message, *type++);
                }
        }
        return r;
}

/* The daemon never sees values that sd-bus refuses to send. */
static void call_any(FuzzInput *input, BusFixture *fixture)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        const Method *method = &methods[fuzz_below(input, ELEMENTSOF(methods))];
        const char *path = paths[fuzz_below(input, ELEMENTSOF(paths))];

        if (str_eq(method->interface, TRING_MANAGER))
                path = TRING_PATH;
        if (sd_bus_message_new_method_call(fixture->client, &call, NULL, path, method->interface,
                                           method->member) < 0 ||
            append_all(input, call, method->types) < 0 ||
            sd_bus_message_set_expect_reply(call, true) < 0)
                return;
        fuzz_must(sd_bus_send(fixture->client, call, NULL) >= 0);
        fixture_settle(fixture);
        fixture->n_heard = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        FuzzInput input = {data, size};
        BusFixture fixture;

        fixture_start(&fixture);
        fixture_ongoing(&fixture, GOES_ON);
        fixture_incoming(&fixture, RINGS);
        for (unsigned n = 0; n < CALLS_MAX && input.left > 0; n++)
                call_any(&input, &fixture);
        fixture_forget(&fixture);
        assert_works(&fixture, TRING_PATH, "org.freedesktop.DBus.Peer", "Ping", &_error, "");
        fixture_stop(&fixture);
        return 0;
}
