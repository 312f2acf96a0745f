/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A media worker that hangs, or that a stranger tries to hang: whoever mutes or hangs up is not
 * heard (rule 18).
 */

#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>

#include "base/str.h"
#include "e2e/expect.h"
#include "phone/phone.h"
#include "rig/talk.h"
#include "rig/talker.h"
#include "suite.h"

/* Beside the times of the rule; the machine is busy. */
#define SLACK_US (2 * USEC_PER_SEC)
#define ARRIVED_MS 300 /* what was sent before is played by then */
#define LISTENED_MS 500
#define SILENCE_DB -60.0

/* The main loop hangs at SIGUSR1, and the threads of sound go on. */
static Talk hanging_talk(void)
{
        ck_assert_int_eq(setenv("TRING_TEST_HANG", "1", true), 0);
        return talk_new();
}

static RigTone *speak(Person *person, double frequency)
{
        RigTone *tone;

        rig_check(rig_tone_new(person->graph, TALK_MICROPHONE, frequency, &tone), "a tone");
        return tone;
}

static void expect_silence_now(Person *person, double frequency)
{
        RigHeard heard;

        rig_run_for(person->desktop->rig, ARRIVED_MS * USEC_PER_MSEC);
        rig_check(rig_listen(person->graph, TALK_SPEAKER, frequency, LISTENED_MS, &heard),
                  "listening");
        if (heard.tone_db > SILENCE_DB)
                rig_fail("%g Hz is heard at %s's speaker: %.1f dB", frequency,
                         person->desktop->name, heard.tone_db);
}

static void expect_microphone(Person *person, const Call *call, bool open, int timeout_ms)
{
        char node[RIG_PATH_MAX];

        rig_path(node, "tring.%s.capture", call->id);
        rig_check(rig_graph_wait_node(person->graph, node, open, timeout_ms), node);
}

/* The method must take at least `us`, which shows that nothing has answered, and not much more. */
static void do_slowly(Person *person, const Call *call, const char *method, usec_t us)
{
        usec_t began = clock_boottime(), took;

        client_do(person->desktop->client, call->path, TRING_SESSION, method, "b", true);
        took = clock_boottime() - began;
        if (took < us || took > us + SLACK_US)
                rig_fail("%s took %.2f s", method, (double)took / USEC_PER_SEC);
}

START_TEST(rule_18_who_mutes_is_not_heard_though_the_worker_hangs)
{
        _cleanup_talk_ Talk talk = hanging_talk();
        Client *at_a = talk.alice.desktop->client;
        Call call = talk_begin(&talk);
        _cleanup_(rig_tone_freep) RigTone *alice = speak(&talk.alice, TALK_ALICE_HZ);
        const HeardSignal *error;

        person_expect_tone(&talk.bob, TALK_ALICE_HZ, true);
        kill(person_worker(&talk.alice, &call), SIGUSR1);
        person_expect_tone(&talk.bob, TALK_ALICE_HZ, true);

        do_slowly(&talk.alice, &call, "SetAudioMuted", SWITCH_ANSWER_US);
        expect_text(client_property(at_a, call.path, TRING_SESSION, "AudioMuted"), "true");
        expect_silence_now(&talk.bob, TALK_ALICE_HZ);
        expect_microphone(&talk.alice, &call, false, 0);

        error = client_wait_signal(at_a, "Error", call.path);
        expect_has(text_of_argument(error->message, 1), "did not answer, and was killed");
        person_wait_state(&talk.alice, &call, "failed");
        call_wait_status(talk.alice.desktop, &call, "ongoing", NULL);
}
END_TEST

START_TEST(microphone_is_closed_at_once_by_hanging_up_though_the_worker_hangs)
{
        _cleanup_talk_ Talk talk = hanging_talk();
        Call call = talk_begin(&talk);
        struct pollfd end = {.events = POLLIN};
        pid_t worker = person_worker(&talk.alice, &call);

        expect_microphone(&talk.alice, &call, true, rig_patience_ms());
        end.fd = pidfd_open(worker, 0);
        kill(worker, SIGUSR1);
        call_end(talk.alice.desktop, &call);
        expect_microphone(&talk.alice, &call, false, (int)(SLACK_US / USEC_PER_MSEC) / 2);
        /* It has not ended by itself; it is killed after 2 s. */
        ck_assert_int_eq(poll(&end, 1, rig_patience_ms()), 1);
        close(end.fd);
}
END_TEST

START_TEST(who_mutes_is_not_heard_though_an_adopted_worker_hangs)
{
        _cleanup_talk_ Talk talk = hanging_talk();
        Call call = talk_begin(&talk);
        _cleanup_(rig_tone_freep) RigTone *alice = speak(&talk.alice, TALK_ALICE_HZ);
        pid_t worker = person_worker(&talk.alice, &call);
        struct pollfd end = {.fd = pidfd_open(worker, 0), .events = POLLIN};

        desktop_kill(talk.alice.desktop);
        kill(worker, SIGUSR1);
        desktop_start(talk.alice.desktop);
        desktop_wait_online(talk.alice.desktop);
        person_expect_tone(&talk.bob, TALK_ALICE_HZ, true);

        client_do(talk.alice.desktop->client, call.path, TRING_SESSION, "SetAudioMuted", "b", true);
        expect_silence_now(&talk.bob, TALK_ALICE_HZ);
        ck_assert_int_eq(poll(&end, 1, 0), 1);
        close(end.fd);
        person_wait_state(&talk.alice, &call, "failed");
}
END_TEST

START_TEST(worker_that_answers_nothing_is_killed)
{
        _cleanup_talk_ Talk talk = talk_new();
        Call call = talk_begin(&talk);
        const HeardSignal *error;

        kill(person_worker(&talk.alice, &call), SIGSTOP);
        error = client_wait_signal(talk.alice.desktop->client, "Error", call.path);
        expect_has(text_of_argument(error->message, 1), "did not answer, and was killed");
        client_do(talk.alice.desktop->client, call.path, TRING_SESSION, "Join", "a{sv}", 0);
        person_wait_state(&talk.alice, &call, "connected");
}
END_TEST

START_TEST(worker_that_hangs_without_a_tringd_ends_itself)
{
        ck_assert_int_eq(setenv("TRING_TEST_ORPHAN_S", "1000", true), 0);
        ck_assert_int_eq(setenv("TRING_TEST_WATCHDOG_S", "2", true), 0);
        _cleanup_talk_ Talk talk = hanging_talk();
        Call call = talk_begin(&talk);
        pid_t worker = person_worker(&talk.alice, &call);
        struct pollfd end = {.fd = pidfd_open(worker, 0), .events = POLLIN};

        ck_assert_int_ge(end.fd, 0);
        desktop_kill(talk.alice.desktop);
        kill(worker, SIGUSR1);
        ck_assert_int_eq(poll(&end, 1, rig_patience_ms()), 1);
        close(end.fd);
        expect_microphone(&talk.alice, &call, false, rig_patience_ms());
}
END_TEST

/* ---- a stranger in a group of three ---- */

#define FINGERPRINT                                                                             \
        "a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:" \
        "15:16:17:18:19:1A:1B:1C:1D:1E:1F\\r\\n"
#define BEGINNING "v=0\\r\\no=- 1 1 IN IP4 0.0.0.0\\r\\ns=-\\r\\nt=0 0\\r\\n" FINGERPRINT
#define OPUS "m=audio 9 UDP/TLS/RTP/SAVPF 111\\r\\na=rtpmap:111 opus/48000/2\\r\\n"
#define OFFER(sdp) "{\"sdp\":{\"type\":\"offer\",\"sdp\":\"" sdp "\"}}"

static const char *const signals_of_mallory[] = {
        /* This one once hung the worker. */
        OFFER(BEGINNING "a=group:BUNDLE 0 1\\r\\n" OPUS "a=mid:\\r\\n" OPUS "a=mid:1\\r\\n"),
        OFFER(BEGINNING OPUS "a=mid:0\\r\\n"),
        OFFER(BEGINNING "a=group:BUNDLE 0\\r\\n" OPUS "a=mid:0\\r\\nm=video 9 X 96\\r\\n"),
        OFFER("nonsense"),
        "{\"candidate\":{\"candidate\":\"candidate:\",\"sdpMLineIndex\":63}}",
        "{\"candidate\":{\"candidate\":\"\",\"sdpMLineIndex\":0}}",
        "{\"offer_wanted\":{\"ice_restart\":true}}",
        "{\"nonce\":\"0000000000000000000000000000000000000000000000000000000000000000\"}",
        "null",
};

/* Mallory accepts, joins, and tells each other participant all of that. */
static void mallory_joins(Talker *mallory, const Call *call)
{
        cJSON *accepted, *joined;
        const cJSON *ok, *other;

        cJSON_Delete(talker_event(mallory, "incoming"));
        accepted =
                talker_request(mallory, "accept", "\"session_id\":\"%s\",\"join\":true", call->id);
        ok = cJSON_GetObjectItemCaseSensitive(accepted, "ok");
        joined = talker_request(mallory, "join", "\"session_id\":\"%s\",\"token\":\"%s\"", call->id,
                                talker_text(ok, "join_token"));
        ok = cJSON_GetObjectItemCaseSensitive(joined, "ok");
        cJSON_ArrayForEach (other, cJSON_GetObjectItemCaseSensitive(ok, "others"))
                for (size_t i = 0; i < ELEMENTSOF(signals_of_mallory); i++) {
                        cJSON *data = cJSON_CreateString(signals_of_mallory[i]);
                        _cleanup_free_ char *text = cJSON_PrintUnformatted(data);

                        talker_ok(
                                talker_request(mallory, "signal",
                                               "\"session_id\":\"%s\",\"peer\":\"%s\",\"data\":%s",
                                               call->id, talker_text(other, "id"), text));
                        cJSON_Delete(data);
                }
        cJSON_Delete(accepted);
        cJSON_Delete(joined);
}

/* A device of Mallory, who is in a group with Alice and Bob. */
static Talker *meet_mallory(Talk *talk)
{
        _cleanup_free_ char *token = NULL;

        hub_add_user(talk->hub, "mallory", "Mallory");
        hub_add_group(talk->hub, "team", "The Team", ARGV("alice", "bob", "mallory"));
        token = hub_mint(talk->hub, "mallory");
        return talker_new((uint16_t)atoi(strrchr(talk->hub->url, ':') + 1), token, "laptop");
}

START_TEST(who_mutes_is_not_heard_whatever_a_third_sends)
{
        _cleanup_talk_ Talk talk = talk_new();
        _cleanup_(talker_freep) Talker *mallory = meet_mallory(&talk);
        _cleanup_(rig_tone_freep) RigTone *alice = speak(&talk.alice, TALK_ALICE_HZ);
        Client *at_a = talk.alice.desktop->client;
        Call call = call_start_group(talk.alice.desktop, "team");

        client_wait_signal(talk.bob.desktop->client, "IncomingCallReceived", call.path);
        call_accept(talk.bob.desktop, &call, true);
        client_wait_signal(at_a, "OutgoingCallAccepted", call.path);
        client_do(at_a, call.path, TRING_SESSION, "Join", "a{sv}", 0);
        person_wait_state(&talk.bob, &call, "connected");
        person_expect_tone(&talk.bob, TALK_ALICE_HZ, true);
        mallory_joins(mallory, &call);
        client_wait_signal(at_a, "Error", call.path);

        client_do(at_a, call.path, TRING_SESSION, "SetAudioMuted", "b", true);
        expect_text(client_property(at_a, call.path, TRING_SESSION, "AudioMuted"), "true");
        expect_silence_now(&talk.bob, TALK_ALICE_HZ);
        /* It was the worker that has muted, which goes on. */
        client_do(at_a, call.path, TRING_SESSION, "SetAudioMuted", "b", false);
        person_expect_tone(&talk.bob, TALK_ALICE_HZ, true);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("worker-hangs");
        TCase *tcase = tcase_create("worker-hangs");

        tcase_set_timeout(tcase, 180);
        tcase_add_test(tcase, rule_18_who_mutes_is_not_heard_though_the_worker_hangs);
        tcase_add_test(tcase, microphone_is_closed_at_once_by_hanging_up_though_the_worker_hangs);
        tcase_add_test(tcase, who_mutes_is_not_heard_though_an_adopted_worker_hangs);
        tcase_add_test(tcase, worker_that_answers_nothing_is_killed);
        tcase_add_test(tcase, worker_that_hangs_without_a_tringd_ends_itself);
        tcase_add_test(tcase, who_mutes_is_not_heard_whatever_a_third_sends);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
