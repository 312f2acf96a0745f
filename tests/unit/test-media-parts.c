/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Small parts of tring-media that need no threads of GStreamer or PipeWire. */

#include <errno.h>
#include <gst/gst.h>
#include <opus.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "media/audio-level.h"
#include "media/audio-sender.h"
#include "media/description.h"
#include "media/ice.h"
#include "media/pipewire.h"
#include "media/rtp.h"
#include "media/stats.h"
#include "media/voice-activity.h"
#include "suite.h"

static const struct {
        IceServer server;
        const char *uri;
} servers[] = {
        {{.url = "stun:stun.example.org"}, "stun://stun.example.org:3478"},
        {{.url = "stun:192.0.2.1:19302"}, "stun://192.0.2.1:19302"},
        {{.url = "stun:[2001:db8::1]"}, "stun://[2001:db8::1]:3478"},
        {{.url = "stun:[2001:db8::1]:9"}, "stun://[2001:db8::1]:9"},
        {{.url = "turn:turn.example.org?transport=tcp",
          .username = "1700000000:alice",
          .credential = "a/b+c=@"},
         "turn://1700000000%3Aalice:a%2Fb%2Bc%3D%40@turn.example.org:3478?transport=tcp"},
        {{.url = "turns:turn.example.org", .username = "u", .credential = "p"},
         "turns://u:p@turn.example.org:5349"},
};

START_TEST(ice_servers_are_put_in_webrtcbins_terms)
{
        _cleanup_free_ char *uri = NULL;

        ck_assert_int_eq(ice_server_uri(&servers[_i].server, &uri), 0);
        ck_assert_str_eq(uri, servers[_i].uri);
}
END_TEST

static const char *const no_servers[] = {
        "", "stun:", "stun://host", "turn:user@host", "http://host", "stun:[2001:db8::1", "stun:?x",
};

START_TEST(what_is_no_ice_server_is_refused)
{
        IceServer server = {};
        char *uri = NULL;

        STR_SET(server.url, no_servers[_i]);
        ck_assert_int_eq(ice_server_uri(&server, &uri), -EINVAL);
        ck_assert_ptr_null(uri);
}
END_TEST

/* A square wave: its level is that of its samples. */
static const struct {
        int16_t sample;
        uint8_t level;
} waves[] = {
        {INT16_MAX, 0}, {INT16_MIN, 0},          {16384, 6}, {3277, 20}, {184, 45},
        {1, 90},        {0, AUDIO_LEVEL_SILENT},
};

START_TEST(level_is_in_decibels_below_full_scale)
{
        int16_t samples[AUDIO_FRAME];

        for (size_t i = 0; i < AUDIO_FRAME; i++)
                samples[i] = waves[_i].sample;
        ck_assert_uint_eq(audio_level(samples, AUDIO_FRAME), waves[_i].level);
        ck_assert_uint_eq(audio_level(samples, 0), AUDIO_LEVEL_SILENT);
}
END_TEST

static bool feed(VoiceActivity *activity, float level, int frames)
{
        float samples[AUDIO_FRAME];
        bool changed = false;

        for (size_t i = 0; i < AUDIO_FRAME; i++)
                samples[i] = i % 2 ? level : -level;
        for (int i = 0; i < frames; i++)
                changed |= voice_activity_feed(activity, samples, AUDIO_FRAME);
        return changed;
}

START_TEST(speech_begins_at_once)
{
        VoiceActivity activity = {};

        ck_assert(!feed(&activity, 0.002f, 10));
        ck_assert(feed(&activity, 0.1f, 1));
        ck_assert(activity.speaking);
}
END_TEST

START_TEST(speech_outlasts_a_pause_between_words)
{
        VoiceActivity activity = {};

        feed(&activity, 0.1f, 10);
        ck_assert(!feed(&activity, 0, 30));
        ck_assert(!feed(&activity, 0.1f, 1));
        ck_assert(feed(&activity, 0, 50));
        ck_assert(!activity.speaking);
}
END_TEST

#define AUDIO "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"

#define OPUS "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"

static const struct {
        const char *sdp;
        int payload;
        unsigned level;
} offers[] = {
        {AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=rtpmap:111 opus/48000/2\r\n", 111, 0},
        {AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 0 96\r\na=rtpmap:0 PCMU/8000\r\n"
               "a=rtpmap:96 OPUS/48000/2\r\n",
         96, 0},
        {AUDIO OPUS "a=extmap:14 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
                    "a=extmap:1 " RTP_LEVEL_URI "\r\n",
         111, 1},
        {AUDIO OPUS "a=extmap:5/sendrecv " RTP_LEVEL_URI "\r\n", 111, 5},
        {AUDIO OPUS "a=extmap:15 " RTP_LEVEL_URI "\r\n", 111, 0},
        {AUDIO "m=video 9 UDP/TLS/RTP/SAVPF 97\r\na=rtpmap:97 opus/48000/2\r\n", -1, 0},
        {AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=rtpmap:0 PCMU/8000\r\n", -1, 0},
        {AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 300\r\na=rtpmap:300 opus/48000/2\r\n", -1, 0},
        {AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=rtpmap\r\na=rtpmap:\r\n", -1, 0},
};

START_TEST(opus_and_its_level_are_found_in_an_offer)
{
        GstWebRTCSessionDescription *offer =
                description_parse(GST_WEBRTC_SDP_TYPE_OFFER, offers[_i].sdp);
        AudioFormat format;

        ck_assert_ptr_nonnull(offer);
        ck_assert_int_eq(description_audio_format(offer, &format), offers[_i].payload >= 0);
        if (offers[_i].payload >= 0) {
                ck_assert_uint_eq(format.payload, (unsigned)offers[_i].payload);
                ck_assert_uint_eq(format.level, offers[_i].level);
        }
        gst_webrtc_session_description_free(offer);
}
END_TEST

#define SECTION(kind, port, mid) "m=" kind " " port " RTP/AVP 96\r\na=mid:" mid "\r\n"
#define GROUP(mids) "a=group:BUNDLE " mids "\r\n"

static const struct {
        const char *sdp;
        bool bundled;
} bundles[] = {
        {SECTION("audio", "9", "a"), true},
        {GROUP("a b") SECTION("audio", "9", "a") SECTION("video", "9", "b"), true},
        {GROUP("a") SECTION("audio", "9", "a") SECTION("video", "0", "b"), true},
        {GROUP("a") SECTION("audio", "9", "a") SECTION("video", "9", "b"), false},
        {GROUP("a bb b2") SECTION("audio", "9", "a") SECTION("video", "9", "b"), false},
        {GROUP("a b") SECTION("audio", "9", "a") "m=video 9 RTP/AVP 96\r\n", false},
        {"a=group:LS a b\r\n" SECTION("audio", "9", "a") SECTION("video", "9", "b"), false},
        {SECTION("audio", "9", "a") SECTION("video", "9", "b"), false},
        {GROUP("a  b ") SECTION("audio", "9", "a") SECTION("video", "9", "b"), true},
        /* No identifier is in the group, though the text of the group has it everywhere. */
        {GROUP("0 1") SECTION("audio", "9", "") SECTION("video", "9", "1"), false},
        {GROUP("") SECTION("audio", "9", "") SECTION("video", "9", ""), false},
};

static GstWebRTCSessionDescription *parse_rest(const char *rest)
{
        _cleanup_free_ char *text =
                str_printf("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n%s", rest);
        GstWebRTCSessionDescription *description =
                description_parse(GST_WEBRTC_SDP_TYPE_OFFER, text);

        ck_assert_ptr_nonnull(description);
        return description;
}

START_TEST(what_goes_by_several_transports_is_noticed)
{
        GstWebRTCSessionDescription *description = parse_rest(bundles[_i].sdp);

        ck_assert_int_eq(description_is_bundled(description), bundles[_i].bundled);
        gst_webrtc_session_description_free(description);
}
END_TEST

static const struct {
        const char *sdp, *fragment, *password; /* NULL: none is found */
} credentials[] = {
        {"m=audio 9 RTP/AVP 96\r\na=ice-ufrag:ab+/\r\na=ice-pwd:secret\r\n", "ab+/", "secret"},
        {"a=ice-ufrag:all\r\na=ice-pwd:theirs\r\n" SECTION("audio", "9", "a"), "all", "theirs"},
        {SECTION("video", "0", "v") "a=ice-ufrag:no\r\na=ice-pwd:no\r\n" SECTION(
                 "audio", "9", "a") "a=ice-ufrag:yes\r\na=ice-pwd:right\r\n",
         "yes", "right"},
        {SECTION("audio", "9", "a") "a=ice-ufrag:ab\r\n", NULL, NULL},
        {SECTION("audio", "0", "a") "a=ice-ufrag:ab\r\na=ice-pwd:secret\r\n", NULL, NULL},
};

START_TEST(ice_credentials_are_those_of_the_first_section_in_use)
{
        GstWebRTCSessionDescription *description = parse_rest(credentials[_i].sdp);
        IceCredentials read;
        bool found = description_ice_credentials(description, &read);

        ck_assert_int_eq(found, credentials[_i].fragment != NULL);
        if (found) {
                ck_assert_str_eq(read.fragment, credentials[_i].fragment);
                ck_assert_str_eq(read.password, credentials[_i].password);
        }
        gst_webrtc_session_description_free(description);
}
END_TEST

START_TEST(ice_credentials_may_have_256_characters_and_no_more)
{
        for (int length = ICE_CREDENTIAL_MAX; length <= ICE_CREDENTIAL_MAX + 1; length++) {
                _cleanup_free_ char *section = str_printf(
                        "m=audio 9 RTP/AVP 96\r\na=ice-ufrag:%0*d\r\na=ice-pwd:p\r\n", length, 1);
                GstWebRTCSessionDescription *description = parse_rest(section);
                IceCredentials read;

                ck_assert_int_eq(description_ice_credentials(description, &read),
                                 length == ICE_CREDENTIAL_MAX);
                gst_webrtc_session_description_free(description);
        }
}
END_TEST

START_TEST(text_without_media_is_no_description)
{
        ck_assert_ptr_null(description_parse(GST_WEBRTC_SDP_TYPE_OFFER, ""));
        ck_assert_ptr_null(description_parse(GST_WEBRTC_SDP_TYPE_OFFER, "hello"));
        ck_assert_ptr_null(description_parse(GST_WEBRTC_SDP_TYPE_OFFER, AUDIO));
}
END_TEST

static char *repeat(const char *before, const char *text, size_t n)
{
        GString *whole = g_string_new(before);

        for (size_t i = 0; i < n; i++)
                g_string_append(whole, text);
        return g_string_free(whole, FALSE);
}

#define ONE_SECTION AUDIO "m=audio 9 RTP/AVP"

static const struct {
        const char *before, *repeated;
        size_t max;
} lengths[] = {
        {AUDIO, "m=audio 9 RTP/AVP 96\r\n", DESCRIPTION_SECTIONS_MAX},
        {ONE_SECTION " 96\r\n", "a=extmap:1 x\r\n", DESCRIPTION_ATTRIBUTES_MAX},
        {ONE_SECTION, " 96", DESCRIPTION_FORMATS_MAX},
};

START_TEST(a_description_may_be_as_long_as_browsers_make_it_and_not_longer)
{
        for (size_t more = 0; more <= 1; more++) {
                g_autofree char *text =
                        repeat(lengths[_i].before, lengths[_i].repeated, lengths[_i].max + more);
                GstWebRTCSessionDescription *description =
                        description_parse(GST_WEBRTC_SDP_TYPE_OFFER, text);

                ck_assert_int_eq(description != NULL, more == 0);
                if (description)
                        gst_webrtc_session_description_free(description);
        }
}
END_TEST

START_TEST(stats_are_reported_per_second_and_as_a_share)
{
        const StatsCounters before = {.bytes_received = 1000, .at = 1 * USEC_PER_SEC};
        const StatsCounters now = {.packets_received = 90,
                                   .packets_lost = 10,
                                   .bytes_received = 9000,
                                   .bytes_sent = 500,
                                   .round_trip_ms = 20,
                                   .at = 3 * USEC_PER_SEC};
        WorkerParticipantStats stats = {};

        stats_conclude(&before, &now, 10, &stats);
        ck_assert_uint_eq(stats.bitrate_in, 32000);
        ck_assert_uint_eq(stats.bitrate_out, 2000);
        ck_assert_double_eq_tol(stats.loss, 0.1, 1e-9);
        ck_assert_double_eq_tol(stats.mouth_to_ear_ms, 2 * 5.3 + 10 + 6.5 + 10 + 10, 1e-6);
}
END_TEST

/* The contents of the last packet, and the number of packets. */
typedef struct Ear {
        OpusDecoder *decoder;
        AudioPacket last;
        int packets, loudest;
} Ear;

static void listen_to(void *userdata, const AudioPacket *packet)
{
        int16_t samples[AUDIO_FRAME];
        Ear *ear = userdata;

        ck_assert_int_eq(opus_decode(ear->decoder, packet->data, (opus_int32)packet->length,
                                     samples, AUDIO_FRAME, 0),
                         AUDIO_FRAME);
        if (ear->packets++ > 0) {
                ck_assert_uint_eq((uint16_t)(packet->sequence - ear->last.sequence), 1);
                ck_assert_uint_eq((packet->timestamp - ear->last.timestamp) % AUDIO_FRAME, 0);
        }
        ear->last = *packet;
        ear->loudest = 0;
        for (size_t i = 0; i < AUDIO_FRAME; i++)
                ear->loudest = MAX_OF(ear->loudest, abs(samples[i]));
}

static void add_ear(AudioSender *voice, Ear *ear)
{
        *ear = (Ear){.decoder = opus_decoder_create(AUDIO_RATE, 1, NULL)};
        ck_assert_ptr_nonnull(ear->decoder);
        ck_assert_int_eq(audio_sender_add(voice, listen_to, ear), 0);
}

static void speak_frames(AudioSender *voice, int frames)
{
        int16_t samples[AUDIO_FRAME];

        for (size_t i = 0; i < AUDIO_FRAME; i++) /* 500 Hz */
                samples[i] = i % 96 < 48 ? 8000 : -8000;
        for (int i = 0; i < frames; i++)
                audio_sender_frame(voice, samples);
}

START_TEST(voice_is_the_same_to_everybody_and_silence_while_muted)
{
        Ear first, second;
        AudioSender *voice;

        ck_assert_int_eq(audio_sender_new(&voice), 0);
        add_ear(voice, &first);
        add_ear(voice, &second);
        speak_frames(voice, 10);
        ck_assert_int_gt(first.loudest, 4000);
        ck_assert_int_eq(first.loudest, second.loudest);
        ck_assert_uint_eq(first.last.level, 12); /* 8000 of 32767 */
        audio_sender_set_muted(voice, true);
        speak_frames(voice, 10);
        ck_assert_uint_eq(first.last.level, AUDIO_LEVEL_SILENT);
        ck_assert_int_lt(first.loudest, 100);
        ck_assert_int_lt(second.loudest, 100);
        audio_sender_set_muted(voice, false);
        audio_sender_remove(voice, &first);
        speak_frames(voice, 10);
        ck_assert_int_eq(first.packets, 20);
        ck_assert_int_eq(second.packets, 30);
        ck_assert_int_gt(second.loudest, 4000);
        audio_sender_remove(voice, &second);
        audio_sender_free(voice);
        opus_decoder_destroy(first.decoder);
        opus_decoder_destroy(second.decoder);
}
END_TEST

static void weigh(void *userdata, const AudioPacket *packet)
{
        *(size_t *)userdata += packet->length;
}

START_TEST(worst_way_says_how_much_is_sent)
{
        size_t good = 0, bad = 0;
        AudioSender *voice;

        ck_assert_int_eq(audio_sender_new(&voice), 0);
        ck_assert_int_eq(audio_sender_add(voice, weigh, &good), 0);
        ck_assert_int_eq(audio_sender_add(voice, weigh, &bad), 0);
        speak_frames(voice, 100);
        ck_assert_uint_gt(good, 2400); /* 32 kbit/s are 4000 bytes in a second */
        ck_assert_uint_lt(good, 5000);
        audio_sender_set_path(voice, &bad, &(AudioPath){.bitrate = 12000});
        good = 0;
        speak_frames(voice, 100);
        ck_assert_uint_lt(good, 2200);
        audio_sender_remove(voice, &bad);
        good = 0;
        speak_frames(voice, 100);
        ck_assert_uint_gt(good, 2400);
        audio_sender_remove(voice, &good);
        audio_sender_free(voice);
}
END_TEST

START_TEST(voice_has_room_for_as_many_as_a_call)
{
        size_t ears[VOICE_SINKS_MAX + 1];
        AudioSender *voice;

        ck_assert_int_eq(audio_sender_new(&voice), 0);
        for (size_t i = 0; i < VOICE_SINKS_MAX; i++)
                ck_assert_int_eq(audio_sender_add(voice, weigh, &ears[i]), 0);
        ck_assert_int_eq(audio_sender_add(voice, weigh, &ears[VOICE_SINKS_MAX]), -ENOSPC);
        audio_sender_free(voice);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("media-parts");
        TCase *tcase = tcase_create("parts");

        tcase_add_loop_test(tcase, ice_servers_are_put_in_webrtcbins_terms, 0, ELEMENTSOF(servers));
        tcase_add_loop_test(tcase, what_is_no_ice_server_is_refused, 0, ELEMENTSOF(no_servers));
        tcase_add_test(tcase, speech_begins_at_once);
        tcase_add_test(tcase, speech_outlasts_a_pause_between_words);
        tcase_add_loop_test(tcase, level_is_in_decibels_below_full_scale, 0, ELEMENTSOF(waves));
        tcase_add_loop_test(tcase, opus_and_its_level_are_found_in_an_offer, 0, ELEMENTSOF(offers));
        tcase_add_loop_test(tcase, ice_credentials_are_those_of_the_first_section_in_use, 0,
                            ELEMENTSOF(credentials));
        tcase_add_test(tcase, ice_credentials_may_have_256_characters_and_no_more);
        tcase_add_test(tcase, text_without_media_is_no_description);
        tcase_add_loop_test(tcase, a_description_may_be_as_long_as_browsers_make_it_and_not_longer,
                            0, ELEMENTSOF(lengths));
        tcase_add_loop_test(tcase, what_goes_by_several_transports_is_noticed, 0,
                            ELEMENTSOF(bundles));
        tcase_add_test(tcase, stats_are_reported_per_second_and_as_a_share);
        tcase_add_test(tcase, voice_is_the_same_to_everybody_and_silence_while_muted);
        tcase_add_test(tcase, worst_way_says_how_much_is_sent);
        tcase_add_test(tcase, voice_has_room_for_as_many_as_a_call);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
