/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The life of a network path: the judgement with a clock of the test; then two real connections in
 * this process, over which no voice ever goes.
 */

#include <glib.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "media/path-life.h"
#include "media/preload.h"
#include "media/remote-participant.h"
#include "media/rtp.h"
#include "suite.h"

/* ---- the judgement ---- */

#define BEGIN (100 * USEC_PER_SEC)

START_TEST(path_is_interrupted_after_3_s_of_silence_and_lost_2_s_later)
{
        PathLife life = {};
        usec_t found = BEGIN + PATH_SILENT_US + 1;

        path_life_arrived(&life, BEGIN);
        ck_assert_int_eq(path_life_judge(&life, BEGIN + PATH_SILENT_US), PATH_CONNECTED);
        ck_assert_int_eq(path_life_judge(&life, found), PATH_INTERRUPTED);
        ck_assert_int_eq(path_life_judge(&life, found + PATH_INTERRUPTED_US - 1), PATH_INTERRUPTED);
        ck_assert_int_eq(path_life_judge(&life, found + PATH_INTERRUPTED_US), PATH_LOST);
}
END_TEST

START_TEST(path_that_answers_once_in_3_s_stays_connected)
{
        PathLife life = {};

        for (usec_t now = BEGIN; now < BEGIN + 3600 * USEC_PER_SEC; now += PATH_SILENT_US) {
                path_life_arrived(&life, now);
                ck_assert_int_eq(path_life_judge(&life, now + PATH_SILENT_US), PATH_CONNECTED);
        }
}
END_TEST

START_TEST(anything_that_arrives_ends_an_interruption)
{
        PathLife life = {};
        usec_t now = BEGIN + 60 * USEC_PER_SEC;

        path_life_arrived(&life, BEGIN);
        path_life_judge(&life, now - PATH_INTERRUPTED_US);
        ck_assert_int_eq(path_life_judge(&life, now), PATH_LOST);
        path_life_arrived(&life, now);
        ck_assert_int_eq(path_life_judge(&life, now), PATH_CONNECTED);
        ck_assert_int_eq(path_life_judge(&life, now + PATH_SILENT_US + 1), PATH_INTERRUPTED);
}
END_TEST

START_TEST(sleep_leaves_time_for_an_answer_before_the_path_is_lost)
{
        PathLife life = {};
        usec_t woken = BEGIN + 8 * 3600 * USEC_PER_SEC;

        path_life_arrived(&life, BEGIN);
        ck_assert_int_eq(path_life_judge(&life, woken), PATH_INTERRUPTED);
        path_life_arrived(&life, woken + USEC_PER_SEC);
        ck_assert_int_eq(path_life_judge(&life, woken + USEC_PER_SEC), PATH_CONNECTED);
}
END_TEST

START_TEST(other_side_is_asked_after_half_a_second_of_silence)
{
        PathLife life = {};

        path_life_arrived(&life, BEGIN);
        ck_assert(!path_life_wants_answer(&life, BEGIN + PATH_ASK_US));
        ck_assert(path_life_wants_answer(&life, BEGIN + PATH_ASK_US + 1));
        path_life_arrived(&life, BEGIN + PATH_ASK_US + 1);
        ck_assert(!path_life_wants_answer(&life, BEGIN + PATH_ASK_US + 1));
}
END_TEST

START_TEST(path_whose_answers_are_not_heard_waits_for_reports)
{
        PathLife life = {.deaf = true};

        path_life_arrived(&life, BEGIN);
        ck_assert_int_eq(path_life_judge(&life, BEGIN + PATH_DEAF_SILENT_US), PATH_CONNECTED);
        ck_assert_int_eq(path_life_judge(&life, BEGIN + PATH_DEAF_SILENT_US + 1), PATH_INTERRUPTED);
}
END_TEST

START_TEST(older_arrival_changes_nothing)
{
        PathLife life = {};

        path_life_arrived(&life, BEGIN);
        path_life_arrived(&life, BEGIN - USEC_PER_SEC);
        ck_assert_uint_eq(life.arrived, BEGIN);
        ck_assert_int_eq(path_life_judge(&life, BEGIN - USEC_PER_SEC), PATH_CONNECTED);
}
END_TEST

/* ---- connections ---- */

#define CONNECT_S 60        /* for a busy machine */
#define WATCH_S 6           /* longer than an interruption takes to be seen */
#define INTERRUPTED_MAX_S 6 /* 3 s, and two looks once a second, and a busy machine */

typedef struct End {
        RemoteParticipant *remote; /* the other end, as this one sees it */
        struct End *other;
        unsigned n_interrupted;
        bool tells_level; /* its description has the header extension for a voice's level */
} End;

typedef struct Letter {
        End *to;
        char *data;
} Letter;

static gboolean deliver(void *data)
{
        Letter *letter = data;
        char text[MESSAGE_TEXT_MAX + 1];
        MediaSignal signal;

        if (letter->to->remote) {
                ck_assert_int_eq(media_signal_decode(letter->data, &signal, text), 0);
                remote_participant_signal(letter->to->remote, &signal);
                media_signal_done(&signal);
        }
        free(letter->data);
        free(letter);
        return G_SOURCE_REMOVE;
}

static void on_signal(void *userdata, RemoteParticipant *remote, const MediaSignal *signal)
{
        Letter *letter = calloc(1, sizeof(*letter));
        End *end = userdata;

        if (signal->type == MEDIA_SIGNAL_OFFER || signal->type == MEDIA_SIGNAL_ANSWER)
                end->tells_level = strstr(signal->text, " " RTP_LEVEL_URI);
        letter->to = end->other;
        ck_assert_int_eq(media_signal_encode(signal, &letter->data), 0);
        g_idle_add_full(G_PRIORITY_DEFAULT, deliver, letter, NULL);
}

static void on_changed(void *userdata, RemoteParticipant *remote)
{
        End *end = userdata;

        end->n_interrupted += remote_participant_state(remote) == PEER_INTERRUPTED;
}

static void on_fault(void *userdata, RemoteParticipant *remote, const char *text)
{
        ck_abort_msg("a fault: %s", text);
}

static const RemoteParticipantEvents events = {
        .signal = on_signal, .changed = on_changed, .fault = on_fault};

static gboolean tick(void *data)
{
        return G_SOURCE_CONTINUE;
}

/* Runs the loop until the end is in this state or the time is over; returns whether it is. */
static bool run_until(const End *end, PeerState state, unsigned seconds)
{
        usec_t deadline = clock_boottime() + seconds * USEC_PER_SEC;
        guint timer = g_timeout_add(50, tick, NULL);

        while (remote_participant_state(end->remote) != state && clock_boottime() < deadline)
                g_main_context_iteration(NULL, TRUE);
        g_source_remove(timer);
        return remote_participant_state(end->remote) == state;
}

/* Echoes send back what they receive: two of them send each other nothing at all. */
static void connect_ends(End *alice, End *bob)
{
        static const WorkerMedia media = {.session = "test"};
        static const Participant participants[] = {{.id = "1-a", .party.uid = "alice"},
                                                   {.id = "2-b", .party.uid = "bob"}};

        *alice = (End){.other = bob};
        *bob = (End){.other = alice};
        g_setenv("TRING_ICE_LOOPBACK", "1", TRUE);
        ck_assert_int_eq(preload(), 0);
        ck_assert_int_eq(
                remote_participant_new(&media, &participants[0], false, &events, bob, &bob->remote),
                0);
        ck_assert_int_eq(remote_participant_new(&media, &participants[1], true, &events, alice,
                                                &alice->remote),
                         0);
        ck_assert(run_until(alice, PEER_CONNECTED, CONNECT_S));
        ck_assert(run_until(bob, PEER_CONNECTED, CONNECT_S));
}

START_TEST(connection_without_any_voice_stays_connected_and_its_death_is_noticed)
{
        End alice, bob;

        connect_ends(&alice, &bob);
        ck_assert(!run_until(&alice, PEER_INTERRUPTED, WATCH_S));
        ck_assert_uint_eq(alice.n_interrupted + bob.n_interrupted, 0);

        bob.remote = remote_participant_free(bob.remote);
        ck_assert(run_until(&alice, PEER_INTERRUPTED, INTERRUPTED_MAX_S));
        remote_participant_free(alice.remote);
}
END_TEST

START_TEST(both_ends_name_the_level_of_a_voice_in_their_descriptions)
{
        End alice, bob;

        connect_ends(&alice, &bob);
        ck_assert(alice.tells_level);
        ck_assert(bob.tells_level);
        remote_participant_free(bob.remote);
        remote_participant_free(alice.remote);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("media-path");
        TCase *judgement = tcase_create("judgement"), *connections = tcase_create("connections");

        tcase_add_test(judgement, path_is_interrupted_after_3_s_of_silence_and_lost_2_s_later);
        tcase_add_test(judgement, path_that_answers_once_in_3_s_stays_connected);
        tcase_add_test(judgement, anything_that_arrives_ends_an_interruption);
        tcase_add_test(judgement, sleep_leaves_time_for_an_answer_before_the_path_is_lost);
        tcase_add_test(judgement, other_side_is_asked_after_half_a_second_of_silence);
        tcase_add_test(judgement, path_whose_answers_are_not_heard_waits_for_reports);
        tcase_add_test(judgement, older_arrival_changes_nothing);
        suite_add_tcase(suite, judgement);
        tcase_set_timeout(connections, 2 * CONNECT_S + WATCH_S + INTERRUPTED_MAX_S + 30);
        tcase_add_test(connections,
                       connection_without_any_voice_stays_connected_and_its_death_is_noticed);
        tcase_add_test(connections, both_ends_name_the_level_of_a_voice_in_their_descriptions);
        suite_add_tcase(suite, connections);
        return suite_run(suite);
}
