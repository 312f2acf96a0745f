/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "phone-fixture.h"

/* dbus/README.md, "Listeners" and "Presenting". */

#define EVENTS "broadcast:IncomingCallReceived "
#define THEN " send:delivered tone:ring worker-start"

static Fixture *fixture_with_three(void)
{
        Fixture *fixture = fixture_online();

        listen(fixture, "stock", ":1.1", -100, true, false);
        listen(fixture, "old", ":1.2", 0, true, false);
        listen(fixture, "new", ":1.3", 0, true, false);
        listen(fixture, "log", ":1.4", 500, false, false);
        forget(fixture);
        return fixture;
}
#define FIXTURE_WITH_THREE(f) \
        __attribute__((cleanup(fixture_freep))) Fixture *f = fixture_with_three()

START_TEST(the_highest_priority_presents_then_the_newest)
{
        FIXTURE_WITH_THREE(f);

        hub_rings(f, CALL);
        expect(f, "call-added manager " EVENTS "tell:new! tell:stock tell:old tell:log" THEN);
}
END_TEST

START_TEST(an_error_reply_asks_the_next_one)
{
        FIXTURE_WITH_THREE(f);

        hub_rings(f, CALL);
        answer_event(f, "new", false);
        expect(f, "tell:old!");
        answer_event(f, "old", false);
        expect(f, "tell:stock!");
        answer_event(f, "stock", false);
        expect(f, "");
}
END_TEST

START_TEST(one_second_of_silence_asks_the_next_one)
{
        FIXTURE_WITH_THREE(f);

        hub_rings(f, CALL);
        forget(f);
        wait_us(f, PRESENT_TIMEOUT_US - 1);
        expect(f, "");
        wait_us(f, 1);
        expect(f, "tell:old! send:ack");
        wait_us(f, PRESENT_TIMEOUT_US);
        expect(f, "tell:stock!");
        answer_event(f, "stock", true);
        expect(f, "call send:alerting manager");
        wait_us(f, PRESENT_TIMEOUT_US);
        expect(f, "");
}
END_TEST

START_TEST(a_presenter_that_disconnects_is_followed_by_the_next)
{
        FIXTURE_WITH_THREE(f);

        hub_rings(f, CALL);
        answer_event(f, "new", true);
        forget(f);
        phone_client_gone(f->phone, &f->instant, ":1.3");
        expect(f, "tell:old! call manager");
        answer_event(f, "old", true);
        expect(f, "call manager");
        phone_listener_remove(f->phone, &f->instant, ":1.2", "old");
        expect(f, "tell:stock! call manager");
}
END_TEST

START_TEST(a_late_reply_changes_nothing)
{
        FIXTURE_WITH_THREE(f);

        hub_rings(f, CALL);
        forget(f);
        wait_us(f, PRESENT_TIMEOUT_US);
        answer_event(f, "new", true);
        expect(f, "");
        ck_assert(!phone_call_find(f->phone, CALL)->alerting);
        answer_event(f, "new", true);
        expect(f, "");
}
END_TEST

START_TEST(who_does_not_present_is_never_asked)
{
        FIXTURE(f);

        listen(f, "log", ":1.4", 500, false, false);
        forget(f);
        hub_rings(f, CALL);
        expect(f, "call-added manager " EVENTS "tell:log" THEN);
        answer_event(f, "log", true);
        ck_assert(!phone_call_find(f->phone, CALL)->alerting);
}
END_TEST

START_TEST(a_newcomer_that_comes_first_takes_over_what_rings)
{
        FIXTURE_WITH_THREE(f);

        hub_rings(f, CALL);
        answer_event(f, "new", true);
        forget(f);
        listen(f, "low", ":1.5", -1, true, false);
        expect(f, "manager");
        listen(f, "shell", ":1.6", 1, true, false);
        expect(f, "tell:shell! call manager");
        answer_event(f, "shell", false);
        expect(f, "tell:new!");
}
END_TEST

START_TEST(a_newcomer_presents_where_nobody_does)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        forget(f);
        listen(f, "stock", ":1.1", -100, true, false);
        expect(f, "tell:stock! manager");
}
END_TEST

START_TEST(restored_listeners_learn_again_of_what_rings)
{
        FIXTURE(f);

        hub_rings(f, CALL);
        forget(f);
        listen(f, "window", ":1.2", 0, true, true);
        expect(f, "tell:window!~ manager");
        listen(f, "log", ":1.3", 0, false, true);
        expect(f, "tell:log~ manager");
}
END_TEST

START_TEST(a_ring_in_the_first_welcome_is_announced_as_resumed)
{
        __attribute__((cleanup(fixture_freep))) Fixture *f = fixture_new();
        CallSnapshot rings = incoming(CALL, CALL_STATUS_INITIATED);

        listen(f, "window", ":1.2", 0, true, true);
        listen(f, "log", ":1.3", 0, false, true);
        forget(f);
        hub_welcomes(f, &rings, 1, false);
        expect(f,
               "call-added manager broadcast:IncomingCallReceived~ tell:window!~ tell:log~" THEN);
}
END_TEST

START_TEST(a_listener_that_is_deaf_to_three_events_is_removed)
{
        FIXTURE(f);

        listen(f, "deaf", ":1.2", 0, true, false);
        listen(f, "stock", ":1.1", -100, true, false);
        hub_rings(f, CALL);
        answer_event(f, "stock", true);
        wait_us(f, PRESENT_TIMEOUT_US);
        answer_event(f, "stock", true);
        hub_over(f, CALL, CALL_STATUS_MISSED, CALL_REASON_TIMEOUT);
        answer_event(f, "stock", true);
        wait_us(f, PRESENT_TIMEOUT_US);
        ck_assert_ptr_nonnull(phone_listener_at(f->phone, 1));
        hub_rings(f, OTHER);
        answer_event(f, "stock", true);
        wait_us(f, PRESENT_TIMEOUT_US);
        ck_assert_str_eq(phone_listener_at(f->phone, 0)->id, "stock");
        ck_assert_ptr_null(phone_listener_at(f->phone, 1));
        answer_event(f, "stock", true);
        ck_assert(phone_call_find(f->phone, OTHER)->alerting);
}
END_TEST

START_TEST(a_listener_that_answers_late_is_kept)
{
        FIXTURE(f);

        listen(f, "slow", ":1.2", 0, false, false);
        for (unsigned i = 0; i < LISTENER_DEAF_MAX; i++) {
                hub_rings(f, i == 0 ? CALL : i == 1 ? OTHER : THIRD);
                wait_us(f, PRESENT_TIMEOUT_US);
                answer_event(f, "slow", true);
        }
        ck_assert_ptr_nonnull(phone_listener_at(f->phone, 0));
}
END_TEST

START_TEST(rule_9_do_not_disturb_asks_nobody_to_present)
{
        PhoneCommand dnd = asks(PHONE_COMMAND_DO_NOT_DISTURB, "");
        FIXTURE_WITH_THREE(f);

        dnd.on = true;
        command(f, &dnd);
        expect(f, "done manager");
        hub_rings(f, CALL);
        expect(f, "call-added manager " EVENTS
                  "tell:stock tell:old tell:new tell:log send:delivered worker-start");
        ck_assert(!phone_call_find(f->phone, CALL)->stored.present);
        answer_event(f, "new", false);
        expect(f, "");
        listen(f, "shell", ":1.6", 1, true, false);
        expect(f, "manager");
}
END_TEST

START_TEST(rule_9_do_not_disturb_ends_the_search_for_who_presents)
{
        PhoneCommand dnd = asks(PHONE_COMMAND_DO_NOT_DISTURB, "");
        FIXTURE_WITH_THREE(f);

        hub_rings(f, CALL);
        dnd.on = true;
        command(f, &dnd);
        answer_event(f, "new", false);
        expect(f, "");
        phone_client_gone(f->phone, &f->instant, ":1.3");
        expect(f, "manager");
}
END_TEST

START_TEST(rule_7_after_silence_nobody_is_asked_to_present)
{
        FIXTURE_WITH_THREE(f);

        hub_rings(f, CALL);
        answer_event(f, "new", true);
        forget(f);
        do_to(f, PHONE_COMMAND_SILENCE, CALL);
        expect(f, "done tone:none call manager");
        phone_client_gone(f->phone, &f->instant, ":1.3");
        expect(f, "manager");
        ck_assert_int_eq(status_of(f, CALL), CALL_STATUS_INITIATED);
}
END_TEST

START_TEST(an_id_in_use_by_another_is_refused_by_name)
{
        PhoneListener listener = {.id = "window", .client = ":1.9", .path = "/"};
        const char *text;
        FIXTURE(f);

        listen(f, "window", ":1.2", 0, true, false);
        ck_assert_int_eq(phone_listener_add(f->phone, &f->instant, &listener, false, &text),
                         CALL_ERROR_LISTENER_EXISTS);
        ck_assert_str_eq(text, "the listener id 'window' is in use by :1.2");
        phone_client_gone(f->phone, &f->instant, ":1.2");
        ck_assert_int_eq(phone_listener_add(f->phone, &f->instant, &listener, false, &text), 0);
}
END_TEST

START_TEST(the_same_listener_again_replaces_itself)
{
        FIXTURE(f);

        ck_assert_int_eq(listen(f, "window", ":1.2", 0, true, false), 0);
        expect(f, "manager");
        ck_assert_int_eq(listen(f, "window", ":1.2", 7, true, false), 0);
        expect(f, "");
        ck_assert_int_eq(phone_listener_at(f->phone, 0)->priority, 7);
        ck_assert_ptr_null(phone_listener_at(f->phone, 1));
        ck_assert_int_eq(phone_listener_remove(f->phone, &f->instant, ":1.2", "window"), 0);
        ck_assert_int_eq(phone_listener_remove(f->phone, &f->instant, ":1.2", "window"),
                         CALL_ERROR_NO_SUCH_LISTENER);
}
END_TEST

START_TEST(a_listener_id_is_text_and_a_presenter_has_a_path)
{
        PhoneListener listener = {.client = ":1.9", .presents = true};
        const char *text;
        FIXTURE(f);

        ck_assert_int_eq(phone_listener_add(f->phone, &f->instant, &listener, false, &text),
                         CALL_ERROR_INVALID_ARGUMENT);
        STR_SET(listener.id, "bell\a");
        ck_assert_int_eq(phone_listener_add(f->phone, &f->instant, &listener, false, &text),
                         CALL_ERROR_INVALID_ARGUMENT);
        ck_assert_str_eq(text, "'bell?' is not a listener id: use 1 to 128 bytes of text");
        STR_SET(listener.id, "window");
        ck_assert_int_eq(phone_listener_add(f->phone, &f->instant, &listener, false, &text),
                         CALL_ERROR_INVALID_ARGUMENT);
        ck_assert_str_eq(text, "listener 'window' presents calls and so needs a path");
        ck_assert_ptr_null(phone_listener_at(f->phone, 0));
}
END_TEST

START_TEST(one_connection_has_sixty_four_listeners_at_most)
{
        char id[16];
        FIXTURE(f);

        for (int i = 0; i < LISTENERS_PER_CLIENT_MAX; i++) {
                snprintf(id, sizeof(id), "l%d", i);
                ck_assert_int_eq(listen(f, id, ":1.2", 0, false, false), 0);
        }
        ck_assert_int_eq(listen(f, "more", ":1.2", 0, false, false), CALL_ERROR_TOO_MANY);
        ck_assert_int_eq(listen(f, "l0", ":1.2", 0, false, false), 0);
        ck_assert_int_eq(listen(f, "more", ":1.3", 0, false, false), 0);
}
END_TEST

START_TEST(all_connections_together_have_a_limit_too)
{
        char id[16], client[16];
        FIXTURE(f);

        for (int i = 0; i < LISTENERS_MAX; i++) {
                snprintf(id, sizeof(id), "l%d", i);
                snprintf(client, sizeof(client), ":1.%d", i / 2);
                ck_assert_int_eq(listen(f, id, client, 0, i % 2, false), 0);
        }
        ck_assert_int_eq(listen(f, "more", ":1.9999", 0, false, false), CALL_ERROR_TOO_MANY);
        forget(f);
        /* And a call that rings reaches them all. */
        hub_rings(f, CALL);
        forget(f);
        phone_client_gone(f->phone, &f->instant, ":1.511");
        forget(f);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {
                the_highest_priority_presents_then_the_newest,
                an_error_reply_asks_the_next_one,
                one_second_of_silence_asks_the_next_one,
                a_presenter_that_disconnects_is_followed_by_the_next,
                a_late_reply_changes_nothing,
                who_does_not_present_is_never_asked,
                a_newcomer_that_comes_first_takes_over_what_rings,
                a_newcomer_presents_where_nobody_does,
                restored_listeners_learn_again_of_what_rings,
                a_ring_in_the_first_welcome_is_announced_as_resumed,
                a_listener_that_is_deaf_to_three_events_is_removed,
                a_listener_that_answers_late_is_kept,
                rule_9_do_not_disturb_asks_nobody_to_present,
                rule_9_do_not_disturb_ends_the_search_for_who_presents,
                rule_7_after_silence_nobody_is_asked_to_present,
                an_id_in_use_by_another_is_refused_by_name,
                the_same_listener_again_replaces_itself,
                a_listener_id_is_text_and_a_presenter_has_a_path,
                one_connection_has_sixty_four_listeners_at_most,
                all_connections_together_have_a_limit_too,
        };

        return suite_run(phone_suite("listeners", tests, ELEMENTSOF(tests)));
}
