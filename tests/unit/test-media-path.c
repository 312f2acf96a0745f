/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The life of a network path, and when another connection is made, with a clock of the test; then
 * two real connections in this process, over which no voice ever goes.
 */

#include <glib.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "media/path-life.h"
#include "media/preload.h"
#include "media/remote-participant.h"
#include "media/restart-pace.h"
#include "media/rtp.h"
#include "suite.h"

/* ---- the judgement ---- */

#define BEGIN (100 * USEC_PER_SEC)
#define LOOK_US USEC_PER_SEC /* between two looks of a program that has its processor */

static PathLife connected(void)
{
        PathLife life = {};

        path_life_arrived(&life, BEGIN);
        path_life_look(&life, BEGIN);
        return life;
}

/* Looks once a second, from one second after `from` until `until`. */
static PathState look_until(PathLife *life, usec_t from, usec_t until)
{
        for (usec_t now = from + LOOK_US; now <= until; now += LOOK_US)
                path_life_look(life, now);
        return path_life_state(life);
}

START_TEST(path_is_interrupted_after_3_s_of_silence_and_lost_2_s_later)
{
        const usec_t quiet = BEGIN + PATH_SILENT_US, late = quiet + PATH_INTERRUPTED_US;
        PathLife life = connected();

        ck_assert_int_eq(look_until(&life, BEGIN, quiet), PATH_CONNECTED);
        path_life_look(&life, quiet + 1);
        ck_assert_int_eq(path_life_state(&life), PATH_INTERRUPTED);
        ck_assert_int_eq(look_until(&life, quiet, late), PATH_INTERRUPTED);
        path_life_look(&life, late + 1);
        ck_assert_int_eq(path_life_state(&life), PATH_LOST);
}
END_TEST

START_TEST(path_that_answers_once_in_3_s_stays_connected)
{
        PathLife life = connected();

        for (usec_t now = BEGIN; now < BEGIN + 3600 * USEC_PER_SEC; now += PATH_SILENT_US) {
                path_life_arrived(&life, now);
                ck_assert_int_eq(look_until(&life, now, now + PATH_SILENT_US), PATH_CONNECTED);
        }
}
END_TEST

START_TEST(anything_that_arrives_ends_an_interruption)
{
        const usec_t now = BEGIN + 60 * USEC_PER_SEC;
        PathLife life = connected();

        ck_assert_int_eq(look_until(&life, BEGIN, now), PATH_LOST);
        path_life_arrived(&life, now);
        path_life_look(&life, now);
        ck_assert_int_eq(path_life_state(&life), PATH_CONNECTED);
        ck_assert_int_eq(look_until(&life, now, now + PATH_SILENT_US + LOOK_US), PATH_INTERRUPTED);
}
END_TEST

START_TEST(sleep_is_no_silence)
{
        const usec_t woken = BEGIN + 8 * 3600 * USEC_PER_SEC;
        PathLife life = connected();

        path_life_look(&life, woken);
        ck_assert_int_eq(path_life_state(&life), PATH_CONNECTED);
        ck_assert(path_life_wants_answer(&life));
        ck_assert_int_eq(look_until(&life, woken, woken + 10 * USEC_PER_SEC), PATH_LOST);
}
END_TEST

/* Every look comes 7 s after the one before, and the answers take two looks. */
START_TEST(path_of_a_program_without_a_processor_is_not_taken_for_lost)
{
        const usec_t step = 7 * USEC_PER_SEC;
        PathLife life = connected();

        for (usec_t now = BEGIN + step; now < BEGIN + 3600 * USEC_PER_SEC; now += 2 * step) {
                path_life_look(&life, now);
                ck_assert_int_eq(path_life_state(&life), PATH_CONNECTED);
                ck_assert(path_life_wants_answer(&life));
                path_life_look(&life, now + step);
                ck_assert_int_eq(path_life_state(&life), PATH_CONNECTED);
                path_life_arrived(&life, now + step);
        }
}
END_TEST

START_TEST(path_that_is_dead_is_found_lost_by_a_program_that_is_always_late)
{
        const usec_t step = 7 * USEC_PER_SEC;
        PathLife life = connected();
        unsigned asked = 0;

        for (usec_t now = BEGIN + step; path_life_state(&life) != PATH_LOST; now += step) {
                path_life_look(&life, now);
                asked += path_life_wants_answer(&life);
                ck_assert_uint_lt(asked, 6);
        }
        ck_assert_uint_gt(asked, 2);
}
END_TEST

START_TEST(other_side_is_asked_after_half_a_second_of_silence)
{
        PathLife life = connected();

        path_life_look(&life, BEGIN + PATH_ASK_US);
        ck_assert(!path_life_wants_answer(&life));
        path_life_look(&life, BEGIN + PATH_ASK_US + 1);
        ck_assert(path_life_wants_answer(&life));
        path_life_arrived(&life, BEGIN + PATH_ASK_US + 1);
        path_life_look(&life, BEGIN + PATH_ASK_US + 1);
        ck_assert(!path_life_wants_answer(&life));
}
END_TEST

START_TEST(path_whose_answers_are_not_heard_waits_for_reports)
{
        PathLife life = connected();

        life.deaf = true;
        ck_assert_int_eq(look_until(&life, BEGIN, BEGIN + PATH_DEAF_SILENT_US), PATH_CONNECTED);
        path_life_look(&life, BEGIN + PATH_DEAF_SILENT_US + 1);
        ck_assert_int_eq(path_life_state(&life), PATH_INTERRUPTED);
}
END_TEST

START_TEST(older_arrival_changes_nothing)
{
        PathLife life = connected();

        path_life_arrived(&life, BEGIN - USEC_PER_SEC);
        ck_assert_uint_eq(life.arrived, BEGIN);
        path_life_look(&life, BEGIN - USEC_PER_SEC);
        ck_assert_int_eq(path_life_state(&life), PATH_CONNECTED);
}
END_TEST

/* ---- another connection ---- */

/* Looks once a second at a connection that stays lost; returns after how many an attempt is due. */
static unsigned looks_until_attempt(RestartPace *pace, usec_t *now)
{
        unsigned looks = 0;

        do {
                *now += LOOK_US;
                looks++;
                ck_assert_uint_lt(looks, 1000);
        } while (!restart_pace_look(pace, false, true, *now));
        restart_pace_attempted(pace, *now);
        return looks;
}

static RestartPace watched(bool offers)
{
        RestartPace pace = {.offers = offers};

        restart_pace_look(&pace, true, false, BEGIN);
        return pace;
}

START_TEST(attempts_in_a_row_come_ever_more_slowly)
{
        static const unsigned expected[] = {1, 10, 20, 40, 60, 60, 60};
        RestartPace pace = watched(true);
        usec_t now = BEGIN;

        for (size_t i = 0; i < ELEMENTSOF(expected); i++)
                ck_assert_uint_eq(looks_until_attempt(&pace, &now), expected[i]);
}
END_TEST

START_TEST(connection_that_has_held_is_replaced_as_soon_as_the_first)
{
        RestartPace pace = watched(true);
        usec_t now = BEGIN;

        for (unsigned i = 0; i < 5; i++)
                looks_until_attempt(&pace, &now);
        for (usec_t end = now + RESTART_HELD_US; now < end;) {
                now += LOOK_US;
                ck_assert(!restart_pace_look(&pace, true, false, now));
        }
        ck_assert_uint_eq(looks_until_attempt(&pace, &now), 1);
        ck_assert_uint_eq(looks_until_attempt(&pace, &now), 10);
}
END_TEST

START_TEST(answering_side_leaves_the_first_attempt_to_the_other)
{
        RestartPace pace = watched(false);
        usec_t now = BEGIN;

        ck_assert_uint_eq(looks_until_attempt(&pace, &now), 3);
        pace = watched(false);
        now = BEGIN + LOOK_US;
        ck_assert(!restart_pace_look(&pace, false, true, now));
        restart_pace_attempted(&pace, now); /* its offer is here */
        ck_assert_uint_eq(looks_until_attempt(&pace, &now), 10);
}
END_TEST

START_TEST(attempt_that_is_wanted_too_early_is_made_a_second_after_the_last)
{
        RestartPace pace = watched(true);
        usec_t now = BEGIN;

        ck_assert(restart_pace_want(&pace, now));
        restart_pace_attempted(&pace, now);
        ck_assert(!restart_pace_want(&pace, now + RESTART_LEAST_US / 2));
        ck_assert(restart_pace_look(&pace, true, false, now + RESTART_LEAST_US));
        restart_pace_attempted(&pace, now + RESTART_LEAST_US);
        ck_assert(!restart_pace_look(&pace, true, false, now + 2 * RESTART_LEAST_US));
}
END_TEST

START_TEST(questions_between_two_looks_take_no_time_from_them)
{
        RestartPace pace = watched(false);
        usec_t now = BEGIN;

        for (unsigned i = 0; i < RESTART_ASK_US / LOOK_US; i++) {
                restart_pace_want(&pace, now + LOOK_US / 2);
                restart_pace_is_recent(&pace, now + LOOK_US - 1);
                now += LOOK_US;
                ck_assert_int_eq(restart_pace_look(&pace, false, true, now),
                                 now == BEGIN + RESTART_ASK_US);
        }
}
END_TEST

START_TEST(attempt_of_a_program_without_a_processor_is_given_its_time)
{
        const usec_t step = 20 * USEC_PER_SEC;
        RestartPace pace = watched(true);
        usec_t now = BEGIN;
        unsigned looks = 0;

        looks_until_attempt(&pace, &now);
        do
                now += step;
        while (++looks < 100 && !restart_pace_look(&pace, false, true, now));
        ck_assert_uint_eq(looks, 7); /* 7 looks count 10.5 s */
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
        char *offer;      /* owned: its last one */
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
        if (signal->type == MEDIA_SIGNAL_OFFER) {
                free(end->offer);
                end->offer = strdup(signal->text);
        }
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

static void end_done(End *end)
{
        remote_participant_free(end->remote);
        free(end->offer);
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
        end_done(&alice);
}
END_TEST

START_TEST(both_ends_name_the_level_of_a_voice_in_their_descriptions)
{
        End alice, bob;

        connect_ends(&alice, &bob);
        ck_assert(alice.tells_level);
        ck_assert(bob.tells_level);
        end_done(&bob);
        end_done(&alice);
}
END_TEST

static gboolean count(GSignalInvocationHint *hint, guint n, const GValue *values, void *data)
{
        ++*(unsigned *)data;
        return TRUE;
}

static void count_signal(const char *name, unsigned *ret_n)
{
        g_signal_add_emission_hook(g_signal_lookup(name, g_type_from_name("GstWebRTCBin")), 0,
                                   count, ret_n, NULL);
}

#define FLOOD 100 /* offers */

START_TEST(offers_in_a_flood_are_answered_one_at_a_time_and_the_connection_holds)
{
        MediaSignal offer = {.type = MEDIA_SIGNAL_OFFER, .connection = 1};
        unsigned n_begun = 0, n_taken = 0;
        End alice, bob;

        connect_ends(&alice, &bob);
        offer.text = alice.offer;
        count_signal("create-answer", &n_begun);
        count_signal("set-remote-description", &n_taken);
        for (unsigned n = 0; n < FLOOD; n++)
                remote_participant_signal(bob.remote, &offer);
        ck_assert_uint_le(n_begun, 1);
        /* Alice waits for none of the answers. */
        ck_assert(!run_until(&alice, PEER_FAILED, WATCH_S));
        ck_assert_int_eq(remote_participant_state(alice.remote), PEER_CONNECTED);
        ck_assert_int_eq(remote_participant_state(bob.remote), PEER_CONNECTED);
        ck_assert_uint_eq(n_begun, 2); /* the first and the last */
        ck_assert_uint_eq(n_taken, n_begun);
        end_done(&bob);
        end_done(&alice);
}
END_TEST

START_TEST(candidates_of_the_other_side_are_taken_up_to_a_number)
{
        static const WorkerMedia media = {.session = "test"};
        static const Participant bob = {.id = "2-b", .party.uid = "bob"};
        MediaSignal candidate = {.type = MEDIA_SIGNAL_CANDIDATE,
                                 .text = (char *)"candidate:1 1 UDP 1 192.0.2.1 9 typ host",
                                 .connection = 1};
        unsigned n_taken = 0;
        End alice = {};

        ck_assert_int_eq(preload(), 0);
        ck_assert_int_eq(
                remote_participant_new(&media, &bob, false, &events, &alice, &alice.remote), 0);
        count_signal("add-ice-candidate", &n_taken);
        for (unsigned n = 1; n <= PEER_CANDIDATES_MAX + 1; n++) {
                remote_participant_signal(alice.remote, &candidate);
                ck_assert_uint_eq(n_taken, MIN_OF(n, PEER_CANDIDATES_MAX));
        }
        end_done(&alice);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("media-path");
        TCase *judgement = tcase_create("judgement"), *connections = tcase_create("connections");

        tcase_add_test(judgement, path_is_interrupted_after_3_s_of_silence_and_lost_2_s_later);
        tcase_add_test(judgement, path_that_answers_once_in_3_s_stays_connected);
        tcase_add_test(judgement, anything_that_arrives_ends_an_interruption);
        tcase_add_test(judgement, sleep_is_no_silence);
        tcase_add_test(judgement, path_of_a_program_without_a_processor_is_not_taken_for_lost);
        tcase_add_test(judgement, path_that_is_dead_is_found_lost_by_a_program_that_is_always_late);
        tcase_add_test(judgement, other_side_is_asked_after_half_a_second_of_silence);
        tcase_add_test(judgement, path_whose_answers_are_not_heard_waits_for_reports);
        tcase_add_test(judgement, older_arrival_changes_nothing);
        tcase_add_test(judgement, attempts_in_a_row_come_ever_more_slowly);
        tcase_add_test(judgement, connection_that_has_held_is_replaced_as_soon_as_the_first);
        tcase_add_test(judgement, answering_side_leaves_the_first_attempt_to_the_other);
        tcase_add_test(judgement, attempt_that_is_wanted_too_early_is_made_a_second_after_the_last);
        tcase_add_test(judgement, questions_between_two_looks_take_no_time_from_them);
        tcase_add_test(judgement, attempt_of_a_program_without_a_processor_is_given_its_time);
        suite_add_tcase(suite, judgement);
        tcase_set_timeout(connections, 2 * CONNECT_S + WATCH_S + INTERRUPTED_MAX_S + 30);
        tcase_add_test(connections,
                       connection_without_any_voice_stays_connected_and_its_death_is_noticed);
        tcase_add_test(connections, both_ends_name_the_level_of_a_voice_in_their_descriptions);
        tcase_add_test(connections,
                       offers_in_a_flood_are_answered_one_at_a_time_and_the_connection_holds);
        tcase_add_test(connections, candidates_of_the_other_side_are_taken_up_to_a_number);
        suite_add_tcase(suite, connections);
        return suite_run(suite);
}
