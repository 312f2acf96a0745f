/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Observations of a network: RTP headers, the regularity of packets, reports of the receiver. */

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "media/congestion.h"
#include "media/delay-estimator.h"
#include "media/rtp.h"
#include "suite.h"

/* ---- RTP ---- */

START_TEST(header_is_read_as_it_was_written)
{
        const RtpHeader header = {111, 0xfedc, 0x89abcdef, 0x01234567};
        uint8_t packet[RTP_HEADER + RTP_LEVEL] = {[RTP_HEADER] = 7, 8, 9};
        const uint8_t *payload;
        RtpHeader read;
        size_t length;

        ck_assert_uint_eq(rtp_write(&header, NULL, packet), RTP_HEADER);
        ck_assert_int_eq(rtp_read(packet, RTP_HEADER + 3, &read, &payload, &length), 0);
        ck_assert_uint_eq(read.payload_type, 111);
        ck_assert_uint_eq(read.sequence, header.sequence);
        ck_assert_uint_eq(read.timestamp, header.timestamp);
        ck_assert_uint_eq(read.source, header.source);
        ck_assert_ptr_eq(payload, packet + RTP_HEADER);
        ck_assert_uint_eq(length, 3);
}
END_TEST

static const struct {
        RtpLevel level;
        uint8_t id_and_length, value;
} levels[] = {
        {{.id = 1, .below = 0, .is_voice = true}, 0x10, 0x80},
        {{.id = 14, .below = 127}, 0xe0, 0x7f},
        {{.id = 3, .below = 45, .is_voice = true}, 0x30, 0xad},
};

START_TEST(level_is_written_as_rfc_6464_has_it)
{
        const RtpHeader header = {.payload_type = 111, .source = 3};
        const uint8_t expected[RTP_LEVEL] = {
                0xbe, 0xde, 0, 1, levels[_i].id_and_length, levels[_i].value};
        uint8_t packet[RTP_HEADER + RTP_LEVEL + 1] = {};
        const uint8_t *payload;
        RtpHeader read;
        size_t length;

        ck_assert_uint_eq(rtp_write(&header, &levels[_i].level, packet), RTP_HEADER + RTP_LEVEL);
        ck_assert_mem_eq(packet + RTP_HEADER, expected, RTP_LEVEL);
        ck_assert_int_eq(rtp_read(packet, sizeof(packet), &read, &payload, &length), 0);
        ck_assert_uint_eq(read.payload_type, 111);
        ck_assert_uint_eq(length, 1);
}
END_TEST

#define FIELDS 111, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3

static const struct {
        uint8_t bytes[40];
        size_t length;
        int payload; /* offset; negative: not RTP */
        size_t payload_length;
} packets[] = {
        {{0x80, FIELDS, 5}, 13, 12, 1},
        {{0x81, FIELDS, 0, 0, 0, 9, 5, 6}, 18, 16, 2},                   /* one more source */
        {{0x90, FIELDS, 0xbe, 0xde, 0, 1, 0x10, 0, 0, 0, 5}, 21, 20, 1}, /* an extension */
        {{0xa0, FIELDS, 5, 6, 0, 0, 3}, 17, 12, 2},                      /* padding */
        {{0x80, FIELDS}, 12, 12, 0},
        {{0x80, FIELDS}, 11, -1, 0},
        {{0x40, FIELDS, 5}, 13, -1, 0},          /* another version */
        {{0x8f, FIELDS, 5}, 13, -1, 0},          /* sources that are missing */
        {{0x90, FIELDS, 0xbe, 0xde}, 14, -1, 0}, /* half an extension */
        {{0x90, FIELDS, 0xbe, 0xde, 0xff, 0xff}, 16, -1, 0},
        {{0xa0, FIELDS, 200}, 13, -1, 0}, /* more padding than packet */
        {{0}, 0, -1, 0},
};

START_TEST(payload_is_found_or_the_packet_refused)
{
        const uint8_t *payload;
        RtpHeader header;
        size_t length;
        int r = rtp_read(packets[_i].bytes, packets[_i].length, &header, &payload, &length);

        if (packets[_i].payload < 0) {
                ck_assert_int_eq(r, -EBADMSG);
                return;
        }
        ck_assert_int_eq(r, 0);
        ck_assert_int_eq(payload - packets[_i].bytes, packets[_i].payload);
        ck_assert_uint_eq(length, packets[_i].payload_length);
        ck_assert_uint_eq(header.source, 3);
}
END_TEST

/* ---- regularity ---- */

START_TEST(spread_is_between_the_fastest_and_the_slow_ones)
{
        DelayEstimator delay = {};

        for (int i = 0; i < 100; i++)
                delay_estimator_add(&delay, 1000000 + i % 50);
        ck_assert_int_eq(delay.fastest, 1000000);
        ck_assert_int_eq(delay.spread, 49);
}
END_TEST

START_TEST(one_straggler_is_forgiven_once_there_are_many)
{
        DelayEstimator delay = {};

        for (int i = 0; i < DELAY_WINDOW; i++)
                delay_estimator_add(&delay, i % 10);
        delay_estimator_add(&delay, 5000);
        ck_assert_int_eq(delay.spread, 9);
        delay_estimator_add(&delay, 5000);
        delay_estimator_add(&delay, 4000);
        ck_assert_int_eq(delay.spread, 4000);
}
END_TEST

START_TEST(what_was_is_forgotten)
{
        DelayEstimator delay = {};

        for (int i = 0; i < 100; i++)
                delay_estimator_add(&delay, i % 2 ? 0 : 2000);
        for (int i = 0; i < DELAY_WINDOW; i++)
                delay_estimator_add(&delay, 700 + i % 3);
        ck_assert_int_eq(delay.fastest, 700);
        ck_assert_int_eq(delay.spread, 2);
}
END_TEST

START_TEST(delays_of_any_size_are_borne)
{
        DelayEstimator delay = {};

        delay_estimator_add(&delay, INT64_MIN / 4);
        delay_estimator_add(&delay, INT64_MAX / 4);
        delay_estimator_add(&delay, 0);
        ck_assert_int_gt(delay.spread, 0);
}
END_TEST

/* ---- bandwidth ---- */

static AudioPath report(Congestion *congestion, int times, double loss, double round_trip_ms)
{
        AudioPath path = {};

        for (int i = 0; i < times; i++)
                congestion_report(congestion, loss, round_trip_ms, &path);
        return path;
}

static Congestion at_ease(void)
{
        Congestion congestion;

        congestion_init(&congestion);
        report(&congestion, 5, 0, 30);
        return congestion;
}

START_TEST(good_way_carries_all_and_is_reported_once)
{
        Congestion congestion = at_ease();
        AudioPath path = report(&congestion, 10, 0, 40);

        ck_assert_uint_eq(path.bitrate, CONGESTION_BITRATE_MAX);
        ck_assert_uint_eq(path.loss, 0);
}
END_TEST

START_TEST(little_loss_is_sent_to_the_encoder_and_costs_no_bits)
{
        Congestion congestion = at_ease();
        AudioPath path = report(&congestion, 5, 0.03, 40);

        ck_assert_uint_eq(path.bitrate, CONGESTION_BITRATE_MAX);
        ck_assert_uint_eq(path.loss, 10);
}
END_TEST

START_TEST(packets_tell_once_again_when_loss_is_gone)
{
        Congestion congestion = at_ease();

        report(&congestion, 5, 0.05, 40);
        ck_assert_uint_gt(report(&congestion, 1, 0, 40).loss, 0);
        ck_assert_uint_eq(report(&congestion, 15, 0, 40).loss, 0);
}
END_TEST

START_TEST(much_loss_lowers_the_rate_and_an_end_of_it_raises_it_again)
{
        Congestion congestion = at_ease();
        uint32_t lowered = report(&congestion, 3, 0.3, 40).bitrate;

        ck_assert_uint_lt(lowered, 22000);
        ck_assert_uint_eq(report(&congestion, 50, 0.5, 40).bitrate, CONGESTION_BITRATE_MIN);
        ck_assert_uint_gt(report(&congestion, 3, 0, 40).bitrate, CONGESTION_BITRATE_MIN);
        ck_assert_uint_eq(report(&congestion, 20, 0, 40).bitrate, CONGESTION_BITRATE_MAX);
}
END_TEST

START_TEST(queues_that_fill_lower_the_rate_before_anything_is_lost)
{
        Congestion congestion = at_ease();

        ck_assert_uint_lt(report(&congestion, 3, 0, 300).bitrate, 21000);
        ck_assert_uint_eq(report(&congestion, 20, 0, 35).bitrate, CONGESTION_BITRATE_MAX);
}
END_TEST

START_TEST(long_way_is_not_taken_for_a_queue)
{
        Congestion congestion;

        congestion_init(&congestion);
        ck_assert_uint_eq(report(&congestion, 10, 0, 600).bitrate, CONGESTION_BITRATE_MAX);
        /* A route that becomes longer for good counts as late only for a while. */
        report(&congestion, 200, 0, 900);
        ck_assert_uint_eq(report(&congestion, 1, 0, 900).bitrate, CONGESTION_BITRATE_MAX);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("media-network");
        TCase *tcase = tcase_create("network");

        tcase_add_test(tcase, header_is_read_as_it_was_written);
        tcase_add_loop_test(tcase, level_is_written_as_rfc_6464_has_it, 0, ELEMENTSOF(levels));
        tcase_add_loop_test(tcase, payload_is_found_or_the_packet_refused, 0, ELEMENTSOF(packets));
        tcase_add_test(tcase, spread_is_between_the_fastest_and_the_slow_ones);
        tcase_add_test(tcase, one_straggler_is_forgiven_once_there_are_many);
        tcase_add_test(tcase, what_was_is_forgotten);
        tcase_add_test(tcase, delays_of_any_size_are_borne);
        tcase_add_test(tcase, good_way_carries_all_and_is_reported_once);
        tcase_add_test(tcase, little_loss_is_sent_to_the_encoder_and_costs_no_bits);
        tcase_add_test(tcase, packets_tell_once_again_when_loss_is_gone);
        tcase_add_test(tcase, much_loss_lowers_the_rate_and_an_end_of_it_raises_it_again);
        tcase_add_test(tcase, queues_that_fill_lower_the_rate_before_anything_is_lost);
        tcase_add_test(tcase, long_way_is_not_taken_for_a_queue);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
