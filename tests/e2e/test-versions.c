/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two versions of Tring that meet, and one that takes the place of the other in the middle of
 * calls. The earlier version is the build folder $TRING_RIG_BEFORE (tests/interop makes one of a
 * commit); without it, the version under test stands in for it, in one mix of each kind: that shows
 * only that the test itself works.
 */
#include <unistd.h>

#include "base/str.h"
#include "e2e/expect.h"
#include "rig/listener.h"
#include "rig/talk.h"
#include "suite.h"

static const struct {
        const char *name, *path;
} programs[] = {
        {"HUB", "daemon/hub/tring-hub"},
        {"TRINGD", "daemon/tringd/tringd"},
        {"MEDIA", "daemon/media/tring-media"},
};
static char *paths[2][ELEMENTSOF(programs)]; /* of the version before, and of the one after */

typedef enum Version {
        BEFORE,
        AFTER,
} Version;

static void find_programs(void)
{
        const char *before = getenv("TRING_RIG_BEFORE");

        for (size_t i = 0; i < ELEMENTSOF(programs); i++) {
                paths[AFTER][i] = rig_strdup(rig_program(programs[i].name));
                paths[BEFORE][i] = before ? str_printf("%s/%s", before, programs[i].path)
                                          : rig_strdup(paths[AFTER][i]);
                ck_assert_ptr_nonnull(paths[BEFORE][i]);
        }
}

/* The hub that is started next is of this version. */
static void next_hub(Version version)
{
        setenv("TRING_RIG_HUB", paths[version][0], true);
}

/* The next tringd at this desktop, and its workers. */
static void next_tringd(Desktop *desktop, Version version)
{
        setenv("TRING_RIG_TRINGD", paths[version][1], true);
        environment_set(&desktop->environment, "TRING_MEDIA", "%s", paths[version][2]);
}

static Hub *new_hub(Rig *rig, Version version)
{
        next_hub(version);
        return hub_new(rig);
}

static Desktop *new_desktop(Rig *rig, Hub *hub, const char *name, Version version)
{
        Desktop *desktop = desktop_new(rig, name);

        next_tringd(desktop, version);
        desktop_start(desktop);
        desktop_login(desktop, hub);
        return desktop;
}

static void new_person(Person *person, Rig *rig, Hub *hub, const char *name, Version version)
{
        person_init(person, rig, name);
        next_tringd(person->desktop, version);
        person_log_in(person, hub);
}

static Talk new_talk(Version hub, Version alice, Version bob)
{
        Talk talk = {.rig = rig_new()};

        talk.hub = new_hub(talk.rig, hub);
        new_person(&talk.alice, talk.rig, talk.hub, "alice", alice);
        new_person(&talk.bob, talk.rig, talk.hub, "bob", bob);
        return talk;
}

/* What the earlier tringd has just done, it has written. */
static void replace_tringd(Desktop *desktop)
{
        desktop_wait_stored(desktop);
        desktop_kill(desktop);
        next_tringd(desktop, AFTER);
        desktop_start(desktop);
}

static void expect_history(Desktop *desktop, const Call *call, const char *status)
{
        _cleanup_free_ char *part = str_printf("status: %s", status);

        ck_assert_ptr_nonnull(part);
        expect_has(call_history(desktop, call), part);
}

/* ---- two versions that meet ---- */

/* The bits of _i: hub, caller, callee; all of one version is what every other test has. */
#define MIX_FIRST 1
#define MIX_END 7
#define VERSION_OF(mix, bit) ((mix) >> (bit)&1 ? AFTER : BEFORE)

static void call_that_is_declined(Desktop *alice, Desktop *bob)
{
        Call call = call_ring(alice, bob, false);

        call_reject(bob, &call, "rejected");
        expect_detail(client_wait_signal(alice->client, "OutgoingCallRejected", call.path),
                      "status", "rejected");
        call_wait_status(alice, &call, "rejected", "declined");
        expect_history(alice, &call, "rejected");
}

static void call_that_is_cancelled(Desktop *alice, Desktop *bob)
{
        Call call = call_ring(alice, bob, false);

        call_reject(alice, &call, "cancelled");
        expect_detail(client_wait_signal(bob->client, "IncomingCallCancelled", call.path), "reason",
                      "caller-cancelled");
        expect_history(bob, &call, "missed");
        client_wait_property(bob->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "1");
        client_do(bob->client, TRING_ROOT, TRING_MANAGER, "MarkMissedSeen", "as", 0);
        client_wait_property(bob->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "0");
}

/* The caller learns that somebody is alerted at the other end. */
static void wait_ringing(Desktop *caller, const Call *call)
{
        usec_t deadline = rig_deadline();

        for (;;) {
                _cleanup_free_ char *since = call_property(caller, call, "RingingSince");

                if (!str_eq(since, "0"))
                        return;
                rig_run_once(caller->rig, deadline, "the receiver to be alerted");
        }
}

static void call_that_is_answered(Desktop *alice, Desktop *bob)
{
        Call call = call_ring(alice, bob, false);

        wait_ringing(alice, &call);
        call_accept(bob, &call, false);
        expect_detail(client_wait_signal(alice->client, "OutgoingCallAccepted", call.path),
                      "status", "ongoing");
        call_end(alice, &call);
        call_wait_status(bob, &call, "ended", "remote-hangup");
        expect_history(alice, &call, "ended");
        expect_history(bob, &call, "ended");
}

static void call_to_a_group(Hub *hub, Desktop *alice, Desktop *bob)
{
        hub_add_group(hub, "team", "The Team", ARGV("alice", "bob"));
        client_wait_property(alice->client, TRING_ROOT, TRING_MANAGER, "Groups",
                             "[{guid: team, name: The Team}]");
        Call call = call_start_group(alice, "team");

        client_wait_signal(bob->client, "IncomingCallReceived", call.path);
        call_accept(bob, &call, false);
        client_wait_signal(alice->client, "OutgoingCallAccepted", call.path);
        call_end(bob, &call);
        call_wait_status(bob, &call, "ended", "hangup");
        call_end(alice, &call);
        call_wait_status(alice, &call, "ended", "hangup");
}

START_TEST(hub_and_devices_of_two_versions_place_answer_decline_and_cancel_calls)
{
        _cleanup_(rig_freep) Rig *rig = rig_new();
        _cleanup_(hub_freep) Hub *hub = new_hub(rig, VERSION_OF(_i, 0));
        _cleanup_(desktop_freep) Desktop *alice = new_desktop(rig, hub, "alice", VERSION_OF(_i, 1));
        _cleanup_(desktop_freep) Desktop *bob = new_desktop(rig, hub, "bob", VERSION_OF(_i, 2));
        _cleanup_(listener_freep) Listener *at_a = listener_new(alice, "shell", 0, LISTENER_TAKES);
        _cleanup_(listener_freep) Listener *at_b = listener_new(bob, "shell", 0, LISTENER_TAKES);

        call_that_is_declined(alice, bob);
        call_that_is_cancelled(bob, alice);
        call_that_is_answered(alice, bob);
        call_to_a_group(hub, alice, bob);

        /* The same link again, by `resume`, or another one after a hub that forgot it. */
        hub_kill(hub);
        client_wait_property(alice->client, TRING_ROOT, TRING_MANAGER, "ConnectionState",
                             "offline");
        next_hub(VERSION_OF(_i, 0));
        hub_start(hub);
        desktop_wait_online(alice);
        desktop_wait_online(bob);
        call_that_is_answered(bob, alice);
}
END_TEST

static char *verification_code(Person *person, const Call *call)
{
        usec_t deadline = rig_deadline();

        for (;;) {
                char *code = client_property(person->desktop->client, call->path, TRING_SESSION,
                                             "VerificationCode");

                if (!str_empty(code))
                        return code;
                free(code);
                rig_run_once(person->desktop->rig, deadline, "a verification code");
        }
}

typedef struct Voices {
        RigTone *alice, *bob;
} Voices;

static void voices_done(Voices *voices)
{
        rig_tone_free(voices->alice);
        rig_tone_free(voices->bob);
}

static Voices both_speak(Talk *talk)
{
        Voices voices = {};

        rig_check(rig_tone_new(talk->alice.graph, TALK_MICROPHONE, TALK_ALICE_HZ, &voices.alice),
                  "a tone");
        rig_check(rig_tone_new(talk->bob.graph, TALK_MICROPHONE, TALK_BOB_HZ, &voices.bob),
                  "a tone");
        return voices;
}

static void both_are_heard(Talk *talk)
{
        person_expect_tone(&talk->bob, TALK_ALICE_HZ, true);
        person_expect_tone(&talk->alice, TALK_BOB_HZ, true);
}

/* The messages of one side to its worker, and those that reach the other by hub and worker. */
static void mute_and_unmute(Talk *talk, const Call *call)
{
        Client *at_a = talk->alice.desktop->client;

        client_do(at_a, call->path, TRING_SESSION, "SetAudioMuted", "b", true);
        person_expect_sound(&talk->bob, false);
        /* It comes by the hub, another way than the silence. */
        person_wait_participant(&talk->bob, call, "muted: true");
        client_do(at_a, call->path, TRING_SESSION, "SetAudioMuted", "b", false);
        person_expect_tone(&talk->bob, TALK_ALICE_HZ, true);
}

static void expect_stats(Person *person, const Call *call)
{
        sd_bus_message *stats =
                client_call(person->desktop->client, call->path, TRING_SESSION, "GetStats", NULL);

        expect_has(text_of_argument(stats, 0), "opus");
        sd_bus_message_unref(stats);
}

START_TEST(workers_of_two_versions_hear_each_other_and_agree_on_the_verification_code)
{
        _cleanup_talk_ Talk talk =
                new_talk(VERSION_OF(_i, 0), VERSION_OF(_i, 1), VERSION_OF(~_i, 1));
        _cleanup_(voices_done) Voices voices = both_speak(&talk);
        Call call = talk_begin(&talk);
        _cleanup_free_ char *code = verification_code(&talk.alice, &call);

        both_are_heard(&talk);
        expect_text(verification_code(&talk.bob, &call), code);
        mute_and_unmute(&talk, &call);
        expect_stats(&talk.alice, &call);
        call_end(talk.bob.desktop, &call);
        call_wait_status(talk.alice.desktop, &call, "ended", "remote-hangup");
        person_expect_sound(&talk.alice, false);
}
END_TEST

/* ---- one version that takes the place of another ---- */

static void expect_runs(pid_t pid, const char *program)
{
        char link[64], path[RIG_PATH_MAX];

        snprintf(link, sizeof(link), "/proc/%d/exe", pid);
        ssize_t length = readlink(link, path, sizeof(path) - 1);
        ck_assert_int_gt(length, 0); /* it has not ended */
        path[length] = '\0';
        ck_assert_str_eq(path, program);
}

/* The earlier worker still carries the call, and obeys the tringd that adopted it. */
static void expect_adopted(Talk *talk, const Call *call, pid_t worker)
{
        expect_runs(worker, paths[BEFORE][2]);
        call_wait_status(talk->alice.desktop, call, "ongoing", NULL);
        person_wait_state(&talk->alice, call, "connected");
        both_are_heard(talk);
        mute_and_unmute(talk, call);
        expect_stats(&talk->alice, call);
}

START_TEST(call_with_sound_outlives_the_replacement_of_tringd_and_hub)
{
        _cleanup_talk_ Talk talk = new_talk(BEFORE, BEFORE, BEFORE);
        _cleanup_(voices_done) Voices voices = both_speak(&talk);
        Call call = talk_begin(&talk);
        pid_t worker = person_worker(&talk.alice, &call);
        _cleanup_free_ char *code = verification_code(&talk.alice, &call);

        both_are_heard(&talk);
        replace_tringd(talk.alice.desktop);
        desktop_wait_online(talk.alice.desktop);
        expect_adopted(&talk, &call, worker);
        expect_text(verification_code(&talk.alice, &call), code);

        hub_kill(talk.hub);
        client_wait_property(talk.alice.desktop->client, TRING_ROOT, TRING_MANAGER,
                             "ConnectionState", "offline");
        next_hub(AFTER);
        hub_start(talk.hub);
        desktop_wait_online(talk.alice.desktop);
        desktop_wait_online(talk.bob.desktop);
        expect_adopted(&talk, &call, worker);

        replace_tringd(talk.bob.desktop);
        desktop_wait_online(talk.bob.desktop);
        expect_adopted(&talk, &call, worker);

        /* A worker of the version after joins that of the version before. */
        client_do(talk.alice.desktop->client, call.path, TRING_SESSION, "Leave", NULL);
        person_wait_state(&talk.alice, &call, "left");
        person_expect_sound(&talk.bob, false);
        client_do(talk.alice.desktop->client, call.path, TRING_SESSION, "Join", "a{sv}", 0);
        person_wait_state(&talk.alice, &call, "connected");
        both_are_heard(&talk);

        call_end(talk.alice.desktop, &call);
        call_wait_status(talk.bob.desktop, &call, "ended", "remote-hangup");
        person_expect_sound(&talk.alice, false);
        person_expect_sound(&talk.bob, false);
        expect_history(talk.alice.desktop, &call, "ended");
        expect_history(talk.bob.desktop, &call, "ended");
}
END_TEST

/* In both orders: tringd first, hub first. */
START_TEST(ring_outlives_the_replacement_of_tringd_and_hub)
{
        _cleanup_(rig_freep) Rig *rig = rig_new();
        _cleanup_(hub_freep) Hub *hub = new_hub(rig, BEFORE);
        _cleanup_(desktop_freep) Desktop *alice = new_desktop(rig, hub, "alice", BEFORE);
        _cleanup_(desktop_freep) Desktop *bob = new_desktop(rig, hub, "bob", BEFORE);
        _cleanup_(listener_freep) Listener *shell = listener_new(bob, "shell", 3, LISTENER_TAKES);
        Call call = call_ring(alice, bob, false);

        ck_assert(!listener_wait(shell, "IncomingCallReceived").resumed);
        for (int step = 0; step < 2; step++) {
                if (step == _i) {
                        replace_tringd(alice);
                        replace_tringd(bob);
                } else {
                        hub_kill(hub);
                        next_hub(AFTER);
                        hub_start(hub);
                }
                desktop_wait_online(alice);
                desktop_wait_online(bob);
                call_wait_status(alice, &call, "initiated", NULL);
                call_wait_status(bob, &call, "initiated", NULL);
        }
        const ListenerEvent again = listener_wait(shell, "IncomingCallReceived");
        ck_assert_str_eq(again.session_id, call.id);
        ck_assert(again.resumed && again.present);

        call_accept(bob, &call, false);
        client_wait_signal(alice->client, "OutgoingCallAccepted", call.path);
        call_end(alice, &call);
        call_wait_status(bob, &call, "ended", "remote-hangup");
        expect_history(alice, &call, "ended");
        expect_history(bob, &call, "ended");
}
END_TEST

START_TEST(what_the_version_before_has_stored_is_known_to_the_version_after)
{
        _cleanup_(rig_freep) Rig *rig = rig_new();
        _cleanup_(hub_freep) Hub *hub = new_hub(rig, BEFORE);
        _cleanup_(desktop_freep) Desktop *alice = new_desktop(rig, hub, "alice", BEFORE);
        _cleanup_(desktop_freep) Desktop *bob = new_desktop(rig, hub, "bob", BEFORE);
        Call call = call_ring(alice, bob, false);

        call_reject(alice, &call, "cancelled");
        client_wait_property(bob->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "1");
        client_set(bob->client, TRING_ROOT, TRING_MANAGER, "DoNotDisturb", "b", true);
        hub_kill(hub);
        client_wait_property(bob->client, TRING_ROOT, TRING_MANAGER, "ConnectionState", "offline");
        /* A request that the hub has not had yet. */
        client_do(bob->client, TRING_ROOT, TRING_MANAGER, "MarkMissedSeen", "as", 0);
        replace_tringd(bob);
        expect_history(bob, &call, "missed");
        client_wait_property(bob->client, TRING_ROOT, TRING_MANAGER, "DoNotDisturb", "true");

        next_hub(AFTER);
        hub_start(hub);
        desktop_wait_online(bob);
        client_wait_property(bob->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "0");

        /* What the hub has stored, for a device that knows nothing. */
        next_tringd(bob, AFTER);
        _cleanup_(desktop_freep) Desktop *phone = desktop_new_device(rig, hub, "phone", "bob");
        expect_history(phone, &call, "missed");
        expect_text(client_property(phone->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed"), "0");
}
END_TEST

int main(void)
{
        bool all = getenv("TRING_RIG_BEFORE");
        Suite *suite = suite_create("versions");
        TCase *meet = tcase_create("two versions meet"), *replace = tcase_create("replacement");

        tcase_add_checked_fixture(meet, find_programs, NULL);
        tcase_add_checked_fixture(replace, find_programs, NULL);
        tcase_set_timeout(meet, 180);
        tcase_add_loop_test(meet,
                            hub_and_devices_of_two_versions_place_answer_decline_and_cancel_calls,
                            MIX_FIRST, all ? MIX_END : MIX_FIRST + 1);
        tcase_add_loop_test(
                meet, workers_of_two_versions_hear_each_other_and_agree_on_the_verification_code, 0,
                all ? 4 : 1);
        suite_add_tcase(suite, meet);
        tcase_set_timeout(replace, 180);
        tcase_add_test(replace, call_with_sound_outlives_the_replacement_of_tringd_and_hub);
        tcase_add_loop_test(replace, ring_outlives_the_replacement_of_tringd_and_hub, 0, 2);
        tcase_add_test(replace, what_the_version_before_has_stored_is_known_to_the_version_after);
        suite_add_tcase(suite, replace);
        return suite_run(suite);
}
