/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Calls between networks that reach each other only through a relay: coturn, with credentials from
 * the hub. And networks that change during a call.
 */

#include "e2e/expect.h"
#include "rig/networks.h"
#include "rig/talk.h"
#include "suite.h"

#define SECRET "relays-own-secret"

#define REPLACED "another connection is made" /* both workers report it */

typedef struct Homes {
        Networks *networks;
        Talk talk;
} Homes;

/*
 * `secret` is the relay's secret in the hub's settings; `ice`: more lines for these; `media`: more
 * lines for tringd.conf.
 */
static Homes homes_new_with(const char *secret, const char *ice, const char *media)
{
        Homes homes = {.talk.rig = rig_new()};
        Rig *rig = homes.talk.rig;
        Person *people[NETWORKS_HOMES];
        char network[RIG_PATH_MAX], file[RIG_PATH_MAX], settings[2 * RIG_PATH_MAX];

        homes.networks = networks_new(rig);
        networks_start_turn(homes.networks, SECRET);
        networks_middle(homes.networks, network);
        rig_path(file, "%s/turn-secret", rig->dir);
        rig_write_file(file, secret, 0600);
        snprintf(settings, sizeof(settings),
                 "[ice]\nturn = " NETWORKS_TURN_URL "\nturn-secret-file = %s\n%s", file, ice);
        homes.talk.hub = hub_new_in(rig, network, NETWORKS_MIDDLE, settings);

        person_init(&homes.talk.alice, rig, "alice");
        person_init(&homes.talk.bob, rig, "bob");
        people[0] = &homes.talk.alice;
        people[1] = &homes.talk.bob;
        for (size_t i = 0; i < NETWORKS_HOMES; i++) {
                Desktop *desktop = people[i]->desktop;

                rig_path(file, "%s/config/tring", desktop->dir);
                rig_mkdir(file);
                rig_path(file, "%s/config/tring/tringd.conf", desktop->dir);
                snprintf(settings, sizeof(settings), "[hub]\ninsecure = yes\n%s", media);
                rig_write_file(file, settings, 0600);
                networks_home(homes.networks, i, network);
                environment_set(&desktop->environment, PROCESS_NETWORK, "%s", network);
                environment_set(&desktop->environment, "TRING_ICE_LOOPBACK", "0");
        }
        person_log_in(&homes.talk.alice, homes.talk.hub);
        person_log_in(&homes.talk.bob, homes.talk.hub);
        return homes;
}

static Homes homes_new(const char *secret, const char *media)
{
        return homes_new_with(secret, "", media);
}

static void homes_done(Homes *homes)
{
        networks_free(homes->networks);
        talk_done(&homes->talk);
}

#define _cleanup_homes_ _cleanup_(homes_done)

/* Both speak until the end of the test. */
static void speak(Talk *talk, RigTone *ret[static 2])
{
        rig_check(rig_tone_new(talk->alice.graph, TALK_MICROPHONE, TALK_ALICE_HZ, &ret[0]),
                  "a tone");
        rig_check(rig_tone_new(talk->bob.graph, TALK_MICROPHONE, TALK_BOB_HZ, &ret[1]), "a tone");
}

static void hush(RigTone *tones[static 2])
{
        rig_tone_free(tones[0]);
        rig_tone_free(tones[1]);
}

static void expect_both_heard(Talk *talk)
{
        person_expect_tone(&talk->bob, TALK_ALICE_HZ, true);
        person_expect_tone(&talk->alice, TALK_BOB_HZ, true);
}

static const char *const ways[] = {"", "[media]\nrelay-only = yes\n"};

START_TEST(voices_go_through_the_relay)
{
        _cleanup_homes_ Homes homes = homes_new(SECRET, ways[_i]);
        Talk *talk = &homes.talk;
        Call call = talk_begin(talk);
        RigTone *tones[2];

        speak(talk, tones);
        expect_both_heard(talk);
        ck_assert(process_has_said(homes.networks->turn, "ALLOCATE processed, success"));
        call_end(talk->bob.desktop, &call);
        hush(tones);
}
END_TEST

START_TEST(wrong_credentials_are_reported_in_a_sentence)
{
        _cleanup_homes_ Homes homes = homes_new("not-the-relays", ways[1]);
        Talk *talk = &homes.talk;
        Call call = call_ring(talk->alice.desktop, talk->bob.desktop, true);
        const HeardSignal *error;

        call_accept(talk->bob.desktop, &call, true);
        error = client_wait_signal(talk->bob.desktop->client, "Error", call.path);
        expect_has(text_of_argument(error->message, 0), "MediaFailed");
        expect_has(text_of_argument(error->message, 1),
                   "the TURN server gives none (not reached, or wrong credentials)");
        person_wait_state(&talk->bob, &call, "failed");
        call_wait_status(talk->alice.desktop, &call, "ongoing", NULL);
}
END_TEST

/* A worker needs a credential for each connection, and one of the join is useless by then. */
#define EXPIRED_US (20 * USEC_PER_SEC)

START_TEST(relays_are_renewed_in_a_call_that_outlasts_their_credentials)
{
        _cleanup_homes_ Homes homes = homes_new_with(SECRET, "turn-lifetime = 16\n", ways[1]);
        Talk *talk = &homes.talk;
        Call call = talk_begin(talk);
        RigTone *tones[2];

        speak(talk, tones);
        expect_both_heard(talk);
        rig_run_for(talk->rig, EXPIRED_US);
        networks_move(homes.networks, 0);
        free(process_wait_line(talk->alice.desktop->tringd, REPLACED));
        free(process_wait_line(talk->bob.desktop->tringd, REPLACED));
        expect_both_heard(talk);
        person_wait_state(&talk->alice, &call, "connected");
        call_end(talk->bob.desktop, &call);
        hush(tones);
}
END_TEST

/* Alice joined first, so she asks Bob for an offer; Bob makes one by himself. */
START_TEST(voices_come_back_when_a_network_changes)
{
        _cleanup_homes_ Homes homes = homes_new(SECRET, ways[0]);
        Talk *talk = &homes.talk;
        Call call = talk_begin(talk);
        RigTone *tones[2];
        _cleanup_free_ char *code = NULL, *code_at_bob = NULL;

        speak(talk, tones);
        expect_both_heard(talk);
        code = client_property(talk->alice.desktop->client, call.path, TRING_SESSION,
                               "VerificationCode");
        ck_assert_uint_eq(strlen(code), strlen("1234 5678"));
        for (size_t i = 0; i < NETWORKS_HOMES; i++) {
                networks_move(homes.networks, i);
                free(process_wait_line(talk->alice.desktop->tringd, REPLACED));
                free(process_wait_line(talk->bob.desktop->tringd, REPLACED));
                expect_both_heard(talk);
        }
        call_wait_status(talk->alice.desktop, &call, "ongoing", NULL);
        person_wait_state(&talk->alice, &call, "connected");
        code_at_bob = client_property(talk->bob.desktop->client, call.path, TRING_SESSION,
                                      "VerificationCode");
        ck_assert_str_eq(code_at_bob, code);
        call_end(talk->bob.desktop, &call);
        call_wait_status(talk->alice.desktop, &call, "ended", "remote-hangup");
        hush(tones);
}
END_TEST

/* No address changes: the workers notice only the silence. */
START_TEST(voices_come_back_when_the_relay_does)
{
        _cleanup_homes_ Homes homes = homes_new(SECRET, ways[0]);
        Talk *talk = &homes.talk;
        Call call = talk_begin(talk);
        RigTone *tones[2];

        speak(talk, tones);
        expect_both_heard(talk);
        networks_stop_turn(homes.networks);
        person_wait_state(&talk->alice, &call, "reconnecting");
        networks_start_turn(homes.networks, SECRET);
        person_wait_state(&talk->alice, &call, "connected");
        expect_both_heard(talk);
        hush(tones);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("relay");
        TCase *tcase = tcase_create("relay");

        tcase_set_timeout(tcase, 180);
        tcase_add_loop_test(tcase, voices_go_through_the_relay, 0, ELEMENTSOF(ways));
        tcase_add_test(tcase, wrong_credentials_are_reported_in_a_sentence);
        tcase_add_test(tcase, relays_are_renewed_in_a_call_that_outlasts_their_credentials);
        tcase_add_test(tcase, voices_come_back_when_a_network_changes);
        tcase_add_test(tcase, voices_come_back_when_the_relay_does);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
