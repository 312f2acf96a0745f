/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each message is read and written with each of its allocations failing in turn: -ENOMEM, outputs
 * untouched, nothing leaked (the sanitizer run checks that).
 */
#include <cjson/cJSON.h>
#include <errno.h>

#include "failing-memory.h"
#include "suite.h"
#include "wire-samples.h"
#include "wire/stored.h"
#include "wire/wire.h"

static void setup(void)
{
        /* The parser is a shared library, which the linker's --wrap does not reach. */
        cJSON_Hooks hooks = {.malloc_fn = __wrap_malloc, .free_fn = free};

        cJSON_InitHooks(&hooks);
}

static WireSide sender(MessageType type)
{
        return message_type_is_event(type) || type == MESSAGE_REPLY ? WIRE_FROM_HUB
                                                                    : WIRE_FROM_DEVICE;
}

/* Returns the number of allocations. */
static unsigned write_failing(const Message *message, char **ret, size_t *ret_length)
{
        for (unsigned n = 1;; n++) {
                char *text = NULL;

                memory_fails_at = n;
                int r = wire_encode(message, 16, &text, ret_length);
                bool failed = memory_fails_at == 0;
                memory_fails_at = 0;
                if (!failed) {
                        ck_assert_int_eq(r, 0);
                        *ret = text;
                        return n - 1;
                }
                ck_assert_int_eq(r, -ENOMEM);
                ck_assert_ptr_null(text);
        }
}

static unsigned read_failing(WireSide from, const char *text, size_t length)
{
        for (unsigned n = 1;; n++) {
                char sentence[MESSAGE_TEXT_MAX + 1];
                Message message = {.type = MESSAGE_TYPE_COUNT};
                uint64_t id;

                memory_fails_at = n;
                int r = wire_decode(from, text, length, &message, &id, sentence);
                bool failed = memory_fails_at == 0;
                memory_fails_at = 0;
                if (!failed) {
                        ck_assert_int_eq(r, 0);
                        message_done(&message);
                        return n - 1;
                }
                ck_assert_int_eq(r, -ENOMEM);
                ck_assert_int_eq(message.type, MESSAGE_TYPE_COUNT);
        }
}

static void assert_survives(MessageType type, ReplyKind kind)
{
        Message message;
        size_t length;
        char *text;

        sample_message(type, kind, &message);
        ck_assert_uint_ge(write_failing(&message, &text, &length), 1);
        ck_assert_uint_ge(read_failing(sender(type), text + 16, length), 3);
        free(text);
        message_done(&message);
}

START_TEST(out_of_memory_is_reported_and_leaves_nothing_behind)
{
        if (_i == MESSAGE_REPLY)
                for (ReplyKind kind = 0; kind < REPLY_KIND_COUNT; kind++)
                        assert_survives(MESSAGE_REPLY, kind);
        else
                assert_survives((MessageType)_i, REPLY_PLAIN);
}
END_TEST

START_TEST(a_stored_call_survives_it_too)
{
        LiveCall live = {.n_members = 2}, back;
        char *text;

        sample_record(&live.record);
        live.members = calloc(2, sizeof(LiveMember));
        ck_assert_ptr_nonnull(live.members);
        (void)STR_SET(live.caller.party.uid, "alice");
        (void)STR_SET(live.members[0].party.uid, "bob");
        (void)STR_SET(live.members[1].party.uid, "carol");
        ck_assert_int_eq(wire_encode_live(&live, &text), 0);
        for (unsigned n = 1;; n++) {
                memory_fails_at = n;
                int r = wire_decode_live(text, &back);
                bool failed = memory_fails_at == 0;
                memory_fails_at = 0;
                if (!failed) {
                        ck_assert_int_eq(r, 0);
                        break;
                }
                ck_assert_int_eq(r, -ENOMEM);
        }
        live_call_done(&back);
        live_call_done(&live);
        free(text);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("wire-memory");
        TCase *tcase = tcase_create("memory");

        tcase_add_checked_fixture(tcase, setup, NULL);
        tcase_add_loop_test(tcase, out_of_memory_is_reported_and_leaves_nothing_behind,
                            MESSAGE_HELLO, MESSAGE_TYPE_COUNT);
        tcase_add_test(tcase, a_stored_call_survives_it_too);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
