/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "popup.h"

#include "suite.h"

#define PATH "/org/tring/Calls1/call/11111111_1111_4111_8111_111111111111"
#define ID "11111111-1111-4111-8111-111111111111"

static const PopupServer full = {
        .actions = true, .body_markup = true, .persistence = true, .tringd_rings = true};
static const PopupServer bare = {};

static PopupCall call;
static PopupContent content;

static void setup(void)
{
        setenv("TZ", "UTC", 1);
        ck_assert(popup_call_init(&call, PATH, ID));
}

static void teardown(void)
{
        popup_content_done(&content);
}

static void take(const char *details)
{
        GError *error = NULL;
        GVariant *value = g_variant_parse(G_VARIANT_TYPE_VARDICT, details, NULL, NULL, &error);

        ck_assert_msg(value, "%s", error ? error->message : "");
        popup_call_take_details(&call, value);
        g_variant_unref(value);
}

static void change(const char *properties)
{
        GVariant *value = g_variant_parse(G_VARIANT_TYPE_VARDICT, properties, NULL, NULL, NULL);

        ck_assert_ptr_nonnull(value);
        popup_call_take_properties(&call, value);
        g_variant_unref(value);
}

static void ring(void)
{
        take("{'direction': <'incoming'>, 'call_type': <'video'>, 'status': <'initiated'>,"
             " 'reason': <''>, 'initiated_at': <uint64 1763633700000000>,"
             " 'initiator': <{'uid': <'bob@work'>, 'name': <'Bob <b> & Co'>}>,"
             " 'receiver': <{'uid': <'me'>, 'name': <'Me'>}>}");
        popup_call_set_present(&call, true);
        change("{'Alerting': <true>}");
}

static const PopupContent *shown(const PopupServer *server)
{
        popup_content_done(&content);
        popup_content(&call, server, &content);
        return &content;
}

START_TEST(a_ringing_call_has_three_buttons_and_stays)
{
        ring();
        shown(&full);
        ck_assert_int_eq(content.kind, POPUP_INCOMING);
        ck_assert_str_eq(content.summary, "Bob <b> & Co is calling");
        ck_assert_str_eq(content.body, "Video call from bob@work");
        ck_assert_str_eq(content.category, "call.incoming");
        ck_assert_int_eq(content.urgency, POPUP_CRITICAL);
        ck_assert(content.resident);
        ck_assert_uint_eq(content.n_actions, 3);
        ck_assert_str_eq(popup_action_label(content.actions[0]), "Accept");
        ck_assert_str_eq(popup_action_label(content.actions[1]), "Decline");
        ck_assert_str_eq(popup_action_label(content.actions[2]), "Silence");
}
END_TEST

START_TEST(no_button_is_the_default_action)
{
        for (PopupAction action = 0; action < POPUP_ACTION_COUNT; action++)
                ck_assert_str_ne(popup_action_key(action), "default");
}
END_TEST

START_TEST(a_server_without_buttons_gets_the_command)
{
        ring();
        shown(&bare);
        ck_assert_uint_eq(content.n_actions, 0);
        ck_assert_str_eq(content.body, "Video call from bob@work\nTo answer: tringctl answer");
}
END_TEST

START_TEST(the_servers_sound_is_left_to_it_where_tringd_makes_none)
{
        PopupServer quiet = full;

        ring();
        ck_assert(shown(&full)->suppress_sound);
        quiet.tringd_rings = false;
        ck_assert(!shown(&quiet)->suppress_sound);
}
END_TEST

START_TEST(a_strangers_markup_is_escaped_only_where_it_is_read)
{
        PopupServer plain = full;

        ring();
        STR_SET(call.error, "<i>no</i>");
        ck_assert_str_eq(shown(&full)->body, "Video call from bob@work\n&lt;i&gt;no&lt;/i&gt;");
        plain.body_markup = false;
        ck_assert_str_eq(shown(&plain)->body, "Video call from bob@work\n<i>no</i>");
}
END_TEST

START_TEST(nothing_is_shown_unless_tringd_asks)
{
        ring();
        popup_call_set_present(&call, false);
        ck_assert_int_eq(shown(&full)->kind, POPUP_NONE);
        popup_call_set_present(&call, true);
        ck_assert_int_eq(shown(&full)->kind, POPUP_INCOMING);
}
END_TEST

/* Each way in which the ring can stop, and what is shown then. */
START_TEST(the_popup_goes_when_the_ring_does)
{
        static const struct {
                const char *change;
                PopupKind kind;
        } cases[] = {
                {"{'Alerting': <false>}", POPUP_NONE},
                {"{'Status': <'ongoing'>}", POPUP_ONGOING},
                {"{'Status': <'rejected'>, 'Reason': <'declined'>}", POPUP_NONE},
                {"{'Status': <'rejected'>, 'Reason': <'declined-elsewhere'>}", POPUP_NONE},
                {"{'Status': <'cancelled'>, 'Reason': <'answered-elsewhere'>}", POPUP_NONE},
                {"{'Status': <'cancelled'>, 'Reason': <'declined-elsewhere'>}", POPUP_NONE},
                {"{'Status': <'cancelled'>, 'Reason': <'caller-cancelled'>}", POPUP_MISSED},
                {"{'Status': <'cancelled'>, 'Reason': <'caller-lost'>}", POPUP_MISSED},
                {"{'Status': <'cancelled'>, 'Reason': <'some-new-word'>}", POPUP_NONE},
                {"{'Status': <'missed'>, 'Reason': <'timeout'>}", POPUP_MISSED},
                {"{'Status': <'ended'>, 'Reason': <'hangup'>}", POPUP_NONE},
        };

        ring();
        change(cases[_i].change);
        ck_assert_int_eq(shown(&full)->kind, cases[_i].kind);
}
END_TEST

START_TEST(a_change_of_something_else_leaves_the_popup)
{
        ring();
        change("{'RingingSince': <uint64 5>, 'Status': <'some-new-status'>}");
        ck_assert_int_eq(shown(&full)->kind, POPUP_INCOMING);
        ck_assert_str_eq(content.summary, "Bob <b> & Co is calling");
}
END_TEST

START_TEST(a_ring_that_is_heard_again_is_shown_again)
{
        ring();
        change("{'Alerting': <false>}");
        ck_assert_int_eq(shown(&full)->kind, POPUP_NONE);
        change("{'Alerting': <true>}");
        ck_assert_int_eq(shown(&full)->kind, POPUP_INCOMING);
}
END_TEST

START_TEST(a_missed_call_can_be_called_back)
{
        ring();
        change("{'Status': <'missed'>, 'Reason': <'timeout'>}");
        shown(&full);
        ck_assert_str_eq(content.summary, "Missed call from Bob <b> & Co");
        ck_assert_str_eq(content.body, "Video call from bob@work at 10:15");
        ck_assert_str_eq(content.category, "call.unanswered");
        ck_assert_uint_eq(content.n_actions, 1);
        ck_assert_int_eq(content.actions[0], POPUP_CALL_BACK);
}
END_TEST

START_TEST(a_call_that_somebody_else_presented_is_not_shown_as_missed)
{
        ring();
        ck_assert(popup_call_init(&call, PATH, ID));
        take("{'direction': <'incoming'>, 'status': <'missed'>, 'reason': <'timeout'>}");
        ck_assert_int_eq(shown(&full)->kind, POPUP_NONE);
}
END_TEST

START_TEST(a_live_call_is_shown_quietly_where_the_server_keeps_it)
{
        PopupServer forgetful = full;

        ring();
        change("{'Status': <'ongoing'>}");
        shown(&full);
        ck_assert_str_eq(content.summary, "In a call with Bob <b> & Co");
        ck_assert_int_eq(content.urgency, POPUP_LOW);
        ck_assert_int_eq(content.actions[0], POPUP_MUTE);
        ck_assert_int_eq(content.actions[1], POPUP_HANG_UP);
        call.muted = true;
        ck_assert_int_eq(shown(&full)->actions[0], POPUP_UNMUTE);
        ck_assert_str_eq(content.body, "Video call from bob@work, you are muted");
        forgetful.persistence = false;
        ck_assert_int_eq(shown(&forgetful)->kind, POPUP_NONE);
}
END_TEST

START_TEST(an_outgoing_call_names_who_is_called)
{
        take("{'direction': <'outgoing'>, 'call_type': <'audio'>, 'status': <'ongoing'>,"
             " 'initiator': <{'uid': <'me'>, 'name': <'Me'>}>,"
             " 'receiver': <{'uid': <'carol'>, 'name': <''>}>}");
        ck_assert_str_eq(shown(&full)->summary, "In a call with carol");
        ck_assert_str_eq(content.body, "Audio call");
}
END_TEST

START_TEST(text_that_is_no_text_is_made_printable)
{
        take("{'direction': <'incoming'>, 'initiator': <{'uid': <'bob'>, 'name': <'B\\u0007b'>}>}");
        ck_assert_str_eq(call.name, "B?b");
}
END_TEST

START_TEST(only_a_call_has_a_popup)
{
        char long_path[POPUP_PATH_MAX + 1];

        memset(long_path, '/', sizeof(long_path) - 1);
        long_path[sizeof(long_path) - 1] = '\0';
        ck_assert(!popup_call_init(&call, PATH, "no id"));
        ck_assert(!popup_call_init(&call, long_path, ID));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("popup");
        TCase *tests = tcase_create("all");

        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, a_ringing_call_has_three_buttons_and_stays);
        tcase_add_test(tests, no_button_is_the_default_action);
        tcase_add_test(tests, a_server_without_buttons_gets_the_command);
        tcase_add_test(tests, the_servers_sound_is_left_to_it_where_tringd_makes_none);
        tcase_add_test(tests, a_strangers_markup_is_escaped_only_where_it_is_read);
        tcase_add_test(tests, nothing_is_shown_unless_tringd_asks);
        tcase_add_loop_test(tests, the_popup_goes_when_the_ring_does, 0, 11);
        tcase_add_test(tests, a_change_of_something_else_leaves_the_popup);
        tcase_add_test(tests, a_ring_that_is_heard_again_is_shown_again);
        tcase_add_test(tests, a_missed_call_can_be_called_back);
        tcase_add_test(tests, a_call_that_somebody_else_presented_is_not_shown_as_missed);
        tcase_add_test(tests, a_live_call_is_shown_quietly_where_the_server_keeps_it);
        tcase_add_test(tests, an_outgoing_call_names_who_is_called);
        tcase_add_test(tests, text_that_is_no_text_is_made_printable);
        tcase_add_test(tests, only_a_call_has_a_popup);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
