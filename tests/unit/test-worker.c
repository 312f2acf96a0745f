/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/cleanup.h"
#include "suite.h"
#include "wire-samples.h"
#include "wire/worker.h"

static const char *const messages[] = {
        "{\"type\":\"join\",\"participant\":\"p8\",\"others\":[{\"id\":\"p7\",\"uid\":\"carol\","
        "\"name\":\"Carol\",\"device\":\"phone\",\"muted\":true}],\"ice_servers\":[{\"url\":"
        "\"stun:127.0.0.1:3478\",\"username\":\"u\",\"credential\":\"c\"}],\"muted\":true,"
        "\"video\":true,\"video_paused\":true,\"relay_only\":true,\"title\":\"Carol, call\","
        "\"microphone\":\"mic\",\"speaker\":\"spk\",\"camera\":\"cam\",\"echo_cancel\":\"yes\"}",
        "{\"type\":\"join\",\"participant\":\"p8\"}",
        "{\"type\":\"participant-joined\",\"participant\":{\"id\":\"p7\",\"uid\":\"carol\"}}",
        "{\"type\":\"participant-joined\",\"participant\":{\"id\":\"p7\",\"uid\":\"carol\"},"
        "\"unverified\":true}",
        "{\"type\":\"join\",\"participant\":\"p8\",\"unverified\":[{\"id\":\"p7\"}]}",
        "{\"type\":\"participant\",\"id\":\"p7\",\"connected\":true,\"speaking\":false,"
        "\"not_verifiable\":\"no part of a code\"}",
        "{\"type\":\"participant-left\",\"participant\":{\"id\":\"p7\"}}",
        "{\"type\":\"signal-in\",\"peer\":\"p7\",\"data\":\"{\\\"type\\\":\\\"offer\\\"}\"}",
        "{\"type\":\"devices\",\"microphone\":\"mic\",\"speaker\":\"spk\",\"camera\":\"cam\","
        "\"echo_cancel\":\"yes\"}",
        "{\"type\":\"relays\",\"ice_servers\":[{\"url\":\"turn:t\",\"username\":\"2:bob\","
        "\"credential\":\"new\"}]}",
        "{\"type\":\"mute\",\"on\":false}",
        "{\"type\":\"video-pause\",\"on\":true}",
        "{\"type\":\"screen-start\",\"node\":41}",
        "{\"type\":\"screen-stop\"}",
        "{\"type\":\"network-changed\"}",
        "{\"type\":\"leave\"}",
        "{\"type\":\"stats-request\",\"serial\":5}",
        "{\"type\":\"ping\",\"serial\":6}",
        "{\"type\":\"pipewire\"}",
        "{\"type\":\"quit\"}",
        "{\"type\":\"state\",\"state\":\"connected\"}",
        "{\"type\":\"signal-out\",\"peer\":\"p7\",\"data\":\"d\"}",
        "{\"type\":\"participant\",\"id\":\"p7\",\"connected\":true,\"speaking\":false,"
        "\"picture\":true,\"audio_node\":\"tring.x.playback.carol\","
        "\"video_node\":\"tring.x.video.carol\",\"verification_code\":\"1234 5678\"}",
        "{\"type\":\"screen\",\"on\":false}",
        "{\"type\":\"pong\",\"serial\":6}",
        "{\"type\":\"pipewire-wanted\"}",
        "{\"type\":\"log\",\"level\":4,\"text\":\"no path\",\"fields\":{\"PEER\":\"carol\"}}",
        "{\"type\":\"realtime-wanted\",\"thread\":4711}",
        "{\"type\":\"error\",\"error\":\"MediaFailed\",\"text\":\"no microphone\"}",
        "{\"type\":\"stats\",\"serial\":5,\"participants\":[{\"id\":\"p7\",\"codec\":\"opus\","
        "\"round_trip_ms\":1.25,\"jitter_ms\":-0.5,\"mouth_to_ear_ms\":44,\"loss\":0.03,"
        "\"bitrate_in\":64000,\"bitrate_out\":48000,\"video_codec\":\"VP8\","
        "\"video_bitrate_in\":500000,\"video_bitrate_out\":400000,\"width\":640,\"height\":480,"
        "\"frames_per_second\":29.5}]}",
};

START_TEST(a_message_is_read_and_written_again)
{
        const char *text = messages[_i];
        _cleanup_free_ char *again = NULL;
        char sentence[MESSAGE_TEXT_MAX + 1] = "";
        WorkerMessage message;
        size_t length;

        ck_assert_msg(worker_decode(text, strlen(text), &message, sentence) == 0, "%s", sentence);
        ck_assert_int_eq(worker_encode(&message, &again, &length), 0);
        ck_assert_str_eq(again, text);
        ck_assert_uint_eq(length, strlen(again));
        worker_message_done(&message);
}
END_TEST

START_TEST(members_stand_where_they_belong)
{
        char sentence[MESSAGE_TEXT_MAX + 1];
        WorkerMessage message;
        const WorkerParticipantStats *stats;

        ck_assert_int_eq(worker_decode(messages[0], strlen(messages[0]), &message, sentence), 0);
        ck_assert_int_eq(message.type, WORKER_JOIN);
        ck_assert_str_eq(message.join.reply.participant, "p8");
        ck_assert_str_eq(message.join.reply.others[0].party.name, "Carol");
        ck_assert_str_eq(message.join.reply.ice_servers[0].credential, "c");
        ck_assert_str_eq(message.join.devices.microphone, "mic");
        ck_assert_str_eq(message.join.devices.speaker, "spk");
        worker_message_done(&message);

        const char *last = messages[ELEMENTSOF(messages) - 1];
        ck_assert_int_eq(worker_decode(last, strlen(last), &message, sentence), 0);
        ck_assert_uint_eq(message.stats.n_participants, 1);
        stats = &message.stats.participants[0];
        ck_assert_double_eq(stats->round_trip_ms, 1.25);
        ck_assert_double_eq(stats->jitter_ms, -0.5);
        ck_assert_double_eq(stats->mouth_to_ear_ms, 44);
        ck_assert_double_eq(stats->loss, 0.03);
        ck_assert_uint_eq(stats->bitrate_in, 64000);
        worker_message_done(&message);
}
END_TEST

static const struct {
        const char *text, *sentence;
} bad[] = {
        {"", "not JSON"},
        {"7", "a message must be an object"},
        {"{}", "message: \"type\" is missing"},
        {"{\"type\":\"sing\"}", "message: \"type\" must be a message's type, not \"sing\""},
        {"{\"type\":\"quit\",\"now\":1}", "message: unknown member \"now\""},
        {"{\"type\":\"mute\"}", "mute: \"on\" is missing"},
        {"{\"type\":\"mute\",\"on\":true,\"on\":true}", "the member \"on\" stands twice"},
        {"{\"type\":\"state\",\"state\":\"asleep\"}",
         "state: \"state\" must be a session's state, not \"asleep\""},
        {"{\"type\":\"stats\",\"serial\":1,\"participants\":[{\"id\":\"p\",\"loss\":1e999}]}",
         "stats: \"loss\" must be a number, not inf"},
        {"{\"type\":\"join\"}", "join: \"participant\" is missing"},
        {"{\"type\":\"error\",\"error\":\"\",\"text\":\"\"}", "\"error\" must be an error's name"},
};

START_TEST(what_is_wrong_is_reported)
{
        char sentence[MESSAGE_TEXT_MAX + 1] = "";
        WorkerMessage message;

        ck_assert_int_eq(worker_decode(bad[_i].text, strlen(bad[_i].text), &message, sentence),
                         -EBADMSG);
        ck_assert_msg(strstr(sentence, bad[_i].sentence) != NULL, "the sentence is: %s", sentence);
}
END_TEST

START_TEST(a_datagram_has_64_kib)
{
        static char text[WORKER_MESSAGE_MAX + 2];
        char sentence[MESSAGE_TEXT_MAX + 1];
        WorkerMessage message;

        memset(text, ' ', sizeof(text));
        memcpy(text, "{\"type\":\"quit\"}", 15);
        ck_assert_int_eq(worker_decode(text, WORKER_MESSAGE_MAX, &message, sentence), 0);
        ck_assert_int_eq(worker_decode(text, WORKER_MESSAGE_MAX + 1, &message, sentence), -EBADMSG);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("worker");
        TCase *tcase = tcase_create("worker");

        tcase_add_loop_test(tcase, a_message_is_read_and_written_again, 0, ELEMENTSOF(messages));
        tcase_add_test(tcase, members_stand_where_they_belong);
        tcase_add_loop_test(tcase, what_is_wrong_is_reported, 0, ELEMENTSOF(bad));
        tcase_add_test(tcase, a_datagram_has_64_kib);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
