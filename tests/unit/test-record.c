/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "model/record.h"
#include "suite.h"

START_TEST(a_ring_timeout_is_made_legal)
{
        static const struct {
                int asked, got;
        } cases[] = {
                {-1, 45}, {0, 45}, {1, 5}, {4, 5}, {5, 5}, {6, 6}, {45, 45}, {180, 180}, {181, 180},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                ck_assert_int_eq(ring_timeout_clamp(cases[i].asked), cases[i].got);
}
END_TEST

/* A string of `length` letters a. */
static const char *letters(char *buffer, size_t length)
{
        memset(buffer, 'a', length);
        buffer[length] = '\0';
        return buffer;
}

START_TEST(metadata_takes_sixteen_entries_and_no_more)
{
        Metadata metadata = {0};
        char key[16];

        for (int i = 0; i < METADATA_MAX; i++) {
                snprintf(key, sizeof(key), "key-%d", i);
                ck_assert_int_eq(metadata_add(&metadata, key, "value"), 0);
        }
        ck_assert_int_eq(metadata_add(&metadata, "one-more", "value"), -E2BIG);
        ck_assert_uint_eq(metadata.count, 16);
        metadata_done(&metadata);
}
END_TEST

START_TEST(metadata_is_bounded_and_text)
{
        char key[METADATA_KEY_MAX + 2], value[METADATA_VALUE_MAX + 2];
        Metadata metadata = {0};

        ck_assert_int_eq(metadata_add(&metadata, letters(key, 65), "v"), -E2BIG);
        ck_assert_int_eq(metadata_add(&metadata, "k", letters(value, 1025)), -E2BIG);
        ck_assert_int_eq(metadata_add(&metadata, "", "v"), -E2BIG);
        ck_assert_int_eq(metadata_add(&metadata, "k\n", "v"), -EINVAL);
        ck_assert_int_eq(metadata_add(&metadata, "k", "\xff"), -EINVAL);
        ck_assert_uint_eq(metadata.count, 0);

        ck_assert_int_eq(metadata_add(&metadata, letters(key, 64), letters(value, 1024)), 0);
        ck_assert_int_eq(metadata_add(&metadata, key, "again"), -EEXIST);
        ck_assert_uint_eq(metadata.count, 1);
        ck_assert_str_eq(metadata.entries[0].value, value);
        metadata_done(&metadata);
}
END_TEST

START_TEST(a_copied_record_owns_its_metadata)
{
        CallRecord record = {.status = CALL_STATUS_MISSED, .initiator.uid = "alice"}, copy = {0};

        ck_assert_int_eq(metadata_add(&record.metadata, "subject", "lunch"), 0);
        ck_assert_int_eq(call_record_copy(&copy, &record), 0);
        call_record_done(&record);

        ck_assert_int_eq(copy.status, CALL_STATUS_MISSED);
        ck_assert_str_eq(copy.initiator.uid, "alice");
        ck_assert_uint_eq(copy.metadata.count, 1);
        ck_assert_str_eq(copy.metadata.entries[0].key, "subject");
        ck_assert_str_eq(copy.metadata.entries[0].value, "lunch");
        call_record_done(&copy);
        call_record_done(&copy);
}
END_TEST

START_TEST(the_peer_is_the_other_side)
{
        CallRecord record = {.initiator.uid = "alice", .receiver.uid = "bob"};

        record.direction = CALL_DIRECTION_OUTGOING;
        ck_assert_str_eq(call_record_peer(&record)->uid, "bob");
        record.direction = CALL_DIRECTION_INCOMING;
        ck_assert_str_eq(call_record_peer(&record)->uid, "alice");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("record");
        TCase *record = tcase_create("record");

        tcase_add_test(record, a_ring_timeout_is_made_legal);
        tcase_add_test(record, metadata_takes_sixteen_entries_and_no_more);
        tcase_add_test(record, metadata_is_bounded_and_text);
        tcase_add_test(record, a_copied_record_owns_its_metadata);
        tcase_add_test(record, the_peer_is_the_other_side);
        suite_add_tcase(suite, record);
        return suite_run(suite);
}
