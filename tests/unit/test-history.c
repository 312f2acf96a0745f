/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "store/history.h"
#include "suite.h"
#include "wire-samples.h"

#define N_CALLS 25
#define DATE UINT64_C(1763632800000000)

static const HistoryFilter everything = {0};
static History *history;
static char folder[64];

static void setup(void)
{
        char *text = NULL;

        ck_assert_int_eq(history_open(NULL, &history, &text), 0);
}

static void teardown(void)
{
        history = history_free(history);
}

static void setup_folder(void)
{
        strcpy(folder, "/tmp/test-history-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void teardown_folder(void)
{
        _cleanup_free_ char *command = str_printf("rm -r %s", folder);

        history = history_free(history);
        ck_assert_int_eq(system(command), 0);
}

/* The i-th call: even ones outgoing to bob and answered, odd ones missed, from carol. */
static void call_number(unsigned i, CallRecord *ret)
{
        *ret = (CallRecord){
                .direction = i % 2 ? CALL_DIRECTION_INCOMING : CALL_DIRECTION_OUTGOING,
                .type = i % 3 ? CALL_TYPE_AUDIO : CALL_TYPE_VIDEO,
                .status = i % 2 ? CALL_STATUS_MISSED : CALL_STATUS_ENDED,
                .initiated_at = DATE + i / 2, /* pairs have the same date */
                .seen = i % 2 == 0,
        };
        (void)snprintf(ret->session_id, sizeof(ret->session_id), "00000000-0000-4000-8000-%012u",
                       i);
        (void)STR_SET(ret->initiator.uid, i % 2 ? "carol" : "alice");
        (void)STR_SET(ret->receiver.uid, i % 2 ? "alice" : "bob");
}

static void put_number(unsigned i)
{
        CallRecord record;

        call_number(i, &record);
        ck_assert_int_eq(history_put(history, &record), 0);
}

static void put_calls(void)
{
        for (unsigned i = 0; i < N_CALLS; i++)
                put_number(i);
}

static size_t count(const HistoryFilter *filter)
{
        HistoryPage page;

        ck_assert_int_eq(history_page(history, filter, 200, "", &page), 0);
        size_t n = page.n_records;
        history_page_done(&page);
        return n;
}

static uint32_t unseen(void)
{
        uint32_t n = UINT32_MAX;

        ck_assert_int_eq(history_unseen_missed(history, &n), 0);
        return n;
}

START_TEST(a_record_comes_back_as_it_was_put)
{
        CallRecord record;
        HistoryPage page;

        sample_record(&record);
        ck_assert_int_eq(history_put(history, &record), 0);
        ck_assert_int_eq(history_page(history, &everything, 0, "", &page), 0);
        ck_assert_uint_eq(page.n_records, 1);
        ck_assert_str_eq(page.next, "");

        const CallRecord *back = &page.records[0];
        ck_assert_uint_eq(back->metadata.count, record.metadata.count);
        for (size_t i = 0; i < record.metadata.count; i++) {
                ck_assert_str_eq(back->metadata.entries[i].key, record.metadata.entries[i].key);
                ck_assert_str_eq(back->metadata.entries[i].value, record.metadata.entries[i].value);
        }
        /* Everything before the metadata, which comes last. */
        ck_assert_int_eq(memcmp(&back->direction, &record.direction,
                                offsetof(CallRecord, reason) - offsetof(CallRecord, direction)),
                         0);
        ck_assert_str_eq(back->session_id, record.session_id);
        ck_assert_str_eq(back->reason, record.reason);
        ck_assert_uint_eq(back->initiated_at, record.initiated_at);
        ck_assert_uint_eq(back->ringing_since, record.ringing_since);
        ck_assert_uint_eq(back->answered_at, record.answered_at);
        ck_assert_uint_eq(back->ended_at, record.ended_at);
        ck_assert_uint_eq(back->duration_s, record.duration_s);
        ck_assert(back->seen);
        history_page_done(&page);
        call_record_done(&record);
}
END_TEST

static void put_another(void (*change)(CallRecord *record))
{
        CallRecord record;
        HistoryPage page;

        sample_record(&record);
        size_t n_metadata = record.metadata.count;
        ck_assert_int_eq(history_put(history, &record), 0);
        ck_assert_int_eq(history_is_anothers(history, &record), 0);
        change(&record);
        STR_SET(record.reason, "hangup");
        metadata_done(&record.metadata);
        ck_assert_int_eq(history_is_anothers(history, &record), 1);
        ck_assert_int_eq(history_put(history, &record), -EEXIST);
        ck_assert_int_eq(history_page(history, &everything, 0, "", &page), 0);
        ck_assert_uint_eq(page.n_records, 1);
        ck_assert_str_ne(page.records[0].reason, "hangup");
        ck_assert_uint_eq(page.records[0].metadata.count, n_metadata);
        history_page_done(&page);
        call_record_done(&record);
}

static void turn_round(CallRecord *record)
{
        record->direction = record->direction == CALL_DIRECTION_INCOMING ? CALL_DIRECTION_OUTGOING
                                                                         : CALL_DIRECTION_INCOMING;
}

static void change_initiator(CallRecord *record)
{
        STR_SET(record->initiator.uid, "mallory");
}

static void change_receiver(CallRecord *record)
{
        STR_SET(record->receiver.uid, "mallory");
}

START_TEST(rule_1_the_record_of_another_call_takes_the_place_of_none)
{
        static void (*const changes[])(CallRecord * record) = {turn_round, change_initiator,
                                                               change_receiver};

        put_another(changes[_i]);
}
END_TEST

static size_t count_calls(void)
{
        char cursor[CURSOR_MAX + 1] = "";
        HistoryPage page;
        size_t n = 0;

        do {
                ck_assert_int_eq(
                        history_page(history, &everything, HISTORY_PAGE_MAX, cursor, &page), 0);
                n += page.n_records;
                STR_SET(cursor, page.next);
                history_page_done(&page);
        } while (*cursor);
        return n;
}

/* The date of the oldest call that is there. */
static usec_t oldest(void)
{
        const HistoryFilter filter = {.until = DATE + HISTORY_CALLS_MAX};
        char cursor[CURSOR_MAX + 1] = "";
        usec_t date = 0;
        HistoryPage page;

        do {
                ck_assert_int_eq(history_page(history, &filter, HISTORY_PAGE_MAX, cursor, &page),
                                 0);
                if (page.n_records > 0)
                        date = page.records[page.n_records - 1].initiated_at;
                STR_SET(cursor, page.next);
                history_page_done(&page);
        } while (*cursor);
        return date;
}

START_TEST(the_oldest_calls_go_when_there_are_too_many)
{
        for (unsigned i = 0; i < HISTORY_CALLS_MAX; i++)
                put_number(i);
        ck_assert_int_eq(history_trim(history), 0);
        ck_assert_uint_eq(count_calls(), HISTORY_CALLS_MAX);
        for (unsigned i = HISTORY_CALLS_MAX; i < HISTORY_CALLS_MAX + 4; i++)
                put_number(i);
        ck_assert_int_eq(history_trim(history), 0);
        ck_assert_uint_eq(count_calls(), HISTORY_CALLS_MAX);
        ck_assert_uint_eq(oldest(), DATE + 2); /* pairs have the same date */
}
END_TEST

static void put_large(unsigned i)
{
        char value[METADATA_VALUE_MAX + 1];
        CallRecord record;

        call_number(i, &record);
        memset(value, 'x', METADATA_VALUE_MAX);
        value[METADATA_VALUE_MAX] = '\0';
        for (int k = 0; k < METADATA_MAX; k++) {
                char key[] = {(char)('a' + k), '\0'};

                ck_assert_int_eq(metadata_add(&record.metadata, key, value), 0);
        }
        ck_assert_int_eq(history_put(history, &record), 0);
        call_record_done(&record);
}

START_TEST(the_oldest_calls_go_when_they_take_too_much)
{
        /* A value takes a page of 4 KiB of its own, and a little. */
        unsigned n_fit = HISTORY_BYTES_MAX / 2 / (METADATA_MAX * 5000);

        for (unsigned i = 0; i < n_fit; i++)
                put_large(i);
        ck_assert_int_eq(history_trim(history), 0);
        ck_assert_uint_eq(count_calls(), n_fit);
        for (unsigned i = n_fit; i < 4 * n_fit; i++)
                put_large(i);
        ck_assert_int_eq(history_trim(history), 0);
        ck_assert_uint_ge(count_calls(), n_fit);
        ck_assert_uint_lt(count_calls(), 2 * n_fit);
        ck_assert_uint_gt(oldest(), DATE + n_fit);
}
END_TEST

START_TEST(putting_twice_leaves_one_record_as_it_was_put_last)
{
        CallRecord record;
        HistoryPage page;

        sample_record(&record);
        ck_assert_int_eq(history_put(history, &record), 0);
        record.duration_s = 99;
        metadata_done(&record.metadata);
        ck_assert_int_eq(history_put(history, &record), 0);
        ck_assert_int_eq(history_page(history, &everything, 0, "", &page), 0);
        ck_assert_uint_eq(page.n_records, 1);
        ck_assert_uint_eq(page.records[0].duration_s, 99);
        ck_assert_uint_eq(page.records[0].metadata.count, 0);
        history_page_done(&page);
        call_record_done(&record);
}
END_TEST

START_TEST(pages_follow_one_another_without_gap_or_repetition)
{
        char cursor[CURSOR_MAX + 1] = "";
        unsigned expected = N_CALLS;

        put_calls();
        do {
                HistoryPage page;

                ck_assert_int_eq(history_page(history, &everything, 4, cursor, &page), 0);
                for (size_t i = 0; i < page.n_records; i++) {
                        CallRecord record;

                        call_number(--expected, &record);
                        ck_assert_str_eq(page.records[i].session_id, record.session_id);
                }
                /* New records do not move the pages. */
                put_number(N_CALLS + expected);
                ck_assert_int_eq(STR_SET(cursor, page.next), 0);
                history_page_done(&page);
        } while (*cursor);
        ck_assert_uint_eq(expected, 0);
}
END_TEST

START_TEST(a_page_that_holds_exactly_the_rest_is_the_last)
{
        HistoryPage page;

        put_calls();
        ck_assert_int_eq(history_page(history, &everything, N_CALLS, "", &page), 0);
        ck_assert_uint_eq(page.n_records, N_CALLS);
        ck_assert_str_eq(page.next, "");
        history_page_done(&page);
}
END_TEST

START_TEST(a_page_has_50_records_unless_asked_otherwise_and_200_at_most)
{
        HistoryPage page;

        for (unsigned i = 0; i < 201; i++)
                put_number(i);
        ck_assert_int_eq(history_page(history, &everything, 0, "", &page), 0);
        ck_assert_uint_eq(page.n_records, 50);
        history_page_done(&page);
        ck_assert_int_eq(history_page(history, &everything, 1000, "", &page), 0);
        ck_assert_uint_eq(page.n_records, 200);
        history_page_done(&page);
}
END_TEST

START_TEST(a_foreign_cursor_is_refused)
{
        static const char *const cursors[] = {
                "1",   "-1.00000000-0000-4000-8000-000000000001",
                "1.x", "99999999999999999999.00000000-0000-4000-8000-000000000001",
                ".",   " 1.00000000-0000-4000-8000-000000000001",
        };
        HistoryPage page;

        ck_assert_int_eq(history_page(history, &everything, 0, cursors[_i], &page), -EINVAL);
}
END_TEST

START_TEST(each_filter_lets_its_calls_through)
{
        put_calls();
        ck_assert_uint_eq(count(&everything), 25);
        ck_assert_uint_eq(count(&(HistoryFilter){.has_status = true, .status = CALL_STATUS_MISSED}),
                          12);
        ck_assert_uint_eq(count(&(HistoryFilter){.has_direction = true,
                                                 .direction = CALL_DIRECTION_OUTGOING}),
                          13);
        ck_assert_uint_eq(count(&(HistoryFilter){.has_type = true, .type = CALL_TYPE_VIDEO}), 9);
        ck_assert_uint_eq(count(&(HistoryFilter){.has_receiver_type = true,
                                                 .receiver_type = RECEIVER_TYPE_GROUP}),
                          0);
        ck_assert_uint_eq(count(&(HistoryFilter){.peer = "carol"}), 12);
        ck_assert_uint_eq(count(&(HistoryFilter){.peer = "bob"}), 13);
        ck_assert_uint_eq(count(&(HistoryFilter){.peer = "alice"}), 0);
        ck_assert_uint_eq(count(&(HistoryFilter){.since = DATE + 12}), 1);
        ck_assert_uint_eq(count(&(HistoryFilter){.until = DATE}), 2);
        ck_assert_uint_eq(count(&(HistoryFilter){.unseen = true}), 12);
        ck_assert_uint_eq(count(&(HistoryFilter){.peer = "carol",
                                                 .has_type = true,
                                                 .type = CALL_TYPE_VIDEO,
                                                 .unseen = true}),
                          4);
}
END_TEST

START_TEST(missed_calls_are_unseen_until_they_are_marked)
{
        CallRecord record;
        char ids[1][UUID_LENGTH + 1];
        const MessageSessions one = {ids, 1}, all = {0};
        size_t changed;

        put_calls();
        ck_assert_uint_eq(unseen(), 12);
        call_number(1, &record);
        ck_assert_int_eq(STR_SET(ids[0], record.session_id), 0);
        ck_assert_int_eq(history_mark_seen(history, &one, &changed), 0);
        ck_assert_uint_eq(changed, 1);
        ck_assert_uint_eq(unseen(), 11);
        ck_assert_int_eq(history_mark_seen(history, &one, &changed), 0);
        ck_assert_uint_eq(changed, 0);
        ck_assert_int_eq(history_mark_seen(history, &all, &changed), 0);
        ck_assert_uint_eq(changed, 11);
        ck_assert_uint_eq(unseen(), 0);
}
END_TEST

START_TEST(what_was_seen_here_is_not_unseen_by_an_older_record)
{
        CallRecord record;

        call_number(1, &record);
        ck_assert_int_eq(history_put(history, &record), 0);
        ck_assert_int_eq(history_mark_seen(history, &(MessageSessions){0}, NULL), 0);
        ck_assert_int_eq(history_put(history, &record), 0);
        ck_assert_uint_eq(unseen(), 0);
}
END_TEST

START_TEST(a_call_that_is_missed_in_the_end_begins_unseen)
{
        CallRecord record;

        call_number(1, &record);
        record.status = CALL_STATUS_INITIATED;
        record.seen = true;
        ck_assert_int_eq(history_put(history, &record), 0);
        ck_assert_uint_eq(unseen(), 0);
        record.status = CALL_STATUS_MISSED;
        record.seen = false;
        ck_assert_int_eq(history_put(history, &record), 0);
        ck_assert_uint_eq(unseen(), 1);
}
END_TEST

START_TEST(the_newest_are_named_a_thousand_at_once)
{
        CallRecord record;
        MessageSessions newest;

        for (unsigned i = 0; i <= SESSION_IDS_MAX; i++)
                put_number(i);
        call_number(SESSION_IDS_MAX, &record);
        ck_assert_int_eq(history_newest(history, false, &newest), 0);
        ck_assert_uint_eq(newest.count, SESSION_IDS_MAX);
        ck_assert_str_eq(newest.session_ids[0], record.session_id);
        free(newest.session_ids);
        ck_assert_int_eq(history_newest(history, true, &newest), 0);
        ck_assert_uint_eq(newest.count, SESSION_IDS_MAX / 2);
        ck_assert_int_eq(history_mark_seen(history, &newest, NULL), 0);
        free(newest.session_ids);
        ck_assert_uint_eq(unseen(), 0);
        ck_assert_int_eq(history_newest(history, true, &newest), 0);
        ck_assert_uint_eq(newest.count, 0);
        free(newest.session_ids);
}
END_TEST

START_TEST(all_until_then_is_all_but_what_was_initiated_since)
{
        CallRecord record;
        MessageSessions until = {0};
        size_t changed;

        put_calls();
        call_number(10, &record);
        until.until = record.initiated_at;
        ck_assert_int_eq(history_mark_seen(history, &until, &changed), 0);
        ck_assert_uint_eq(changed, 12 - unseen());
        ck_assert_uint_gt(unseen(), 0);
        ck_assert_int_eq(history_forget(history, &until, &changed), 0);
        ck_assert_uint_eq(changed, 12); /* with 11, which has the same date */
        ck_assert_uint_eq(count(&everything), N_CALLS - 12);
}
END_TEST

START_TEST(forgetting_deletes_what_is_named_or_all)
{
        CallRecord records[2];
        char ids[2][UUID_LENGTH + 1];
        const MessageSessions two = {ids, 2}, all = {0};
        size_t changed;

        put_calls();
        for (unsigned i = 0; i < 2; i++) {
                call_number(i, &records[i]);
                ck_assert_int_eq(STR_SET(ids[i], records[i].session_id), 0);
        }
        ck_assert_int_eq(history_forget(history, &two, &changed), 0);
        ck_assert_uint_eq(changed, 2);
        ck_assert_uint_eq(count(&everything), 23);
        ck_assert_int_eq(history_forget(history, &all, &changed), 0);
        ck_assert_uint_eq(changed, 23);
        ck_assert_uint_eq(count(&everything), 0);
}
END_TEST

START_TEST(settings_are_kept_and_cleared_with_the_rest)
{
        _cleanup_free_ char *value = NULL;

        ck_assert_int_eq(history_setting_get(history, "when-busy", &value), -ENOENT);
        ck_assert_int_eq(history_setting_put(history, "when-busy", "ring"), 0);
        ck_assert_int_eq(history_setting_put(history, "when-busy", "reject"), 0);
        ck_assert_int_eq(history_setting_get(history, "when-busy", &value), 0);
        ck_assert_str_eq(value, "reject");
        put_calls();
        ck_assert_int_eq(history_clear(history), 0);
        ck_assert_uint_eq(count(&everything), 0);
        ck_assert_int_eq(history_setting_get(history, "when-busy", &value), -ENOENT);
}
END_TEST

START_TEST(a_file_keeps_it_over_a_restart)
{
        _cleanup_free_ char *path = str_printf("%s/history.db", folder), *text = NULL;
        struct stat status;

        ck_assert_int_eq(history_open(path, &history, &text), 0);
        put_calls();
        history = history_free(history);
        ck_assert_int_eq(history_open(path, &history, &text), 0);
        ck_assert_uint_eq(count(&everything), N_CALLS);
        ck_assert_int_eq(stat(path, &status), 0);
        ck_assert_uint_eq(status.st_mode & 0777, 0600);
}
END_TEST

START_TEST(a_truncated_file_is_moved_aside_and_said)
{
        _cleanup_free_ char *path = str_printf("%s/history.db", folder), *text = NULL;
        struct stat status;

        ck_assert_int_eq(history_open(path, &history, &text), 0);
        put_calls();
        history = history_free(history);
        ck_assert_int_eq(stat(path, &status), 0);
        ck_assert_int_eq(truncate(path, status.st_size / 2), 0);

        ck_assert_int_eq(history_open(path, &history, &text), -EUCLEAN);
        ck_assert_ptr_nonnull(strstr(text, path));
        ck_assert_uint_eq(count(&everything), 0);
        put_number(1);
        ck_assert_uint_eq(count(&everything), 1);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_an_error_that_names_the_file)
{
        _cleanup_free_ char *path = str_printf("%s/not/history.db", folder), *text = NULL;

        ck_assert_int_eq(history_open(path, &history, &text), -ENOENT);
        ck_assert_ptr_nonnull(strstr(text, path));
        ck_assert_ptr_null(history);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("history");
        TCase *memory = tcase_create("memory"), *file = tcase_create("file");

        tcase_add_checked_fixture(memory, setup, teardown);
        tcase_add_test(memory, a_record_comes_back_as_it_was_put);
        tcase_add_loop_test(memory, rule_1_the_record_of_another_call_takes_the_place_of_none, 0,
                            3);
        tcase_add_test(memory, putting_twice_leaves_one_record_as_it_was_put_last);
        tcase_add_test(memory, pages_follow_one_another_without_gap_or_repetition);
        tcase_add_test(memory, a_page_that_holds_exactly_the_rest_is_the_last);
        tcase_add_test(memory, a_page_has_50_records_unless_asked_otherwise_and_200_at_most);
        tcase_add_loop_test(memory, a_foreign_cursor_is_refused, 0, 6);
        tcase_add_test(memory, each_filter_lets_its_calls_through);
        tcase_add_test(memory, missed_calls_are_unseen_until_they_are_marked);
        tcase_add_test(memory, what_was_seen_here_is_not_unseen_by_an_older_record);
        tcase_add_test(memory, a_call_that_is_missed_in_the_end_begins_unseen);
        tcase_add_test(memory, the_newest_are_named_a_thousand_at_once);
        tcase_add_test(memory, all_until_then_is_all_but_what_was_initiated_since);
        tcase_add_test(memory, forgetting_deletes_what_is_named_or_all);
        tcase_add_test(memory, settings_are_kept_and_cleared_with_the_rest);
        suite_add_tcase(suite, memory);
        tcase_add_checked_fixture(file, setup_folder, teardown_folder);
        tcase_add_test(file, a_file_keeps_it_over_a_restart);
        tcase_add_test(file, a_truncated_file_is_moved_aside_and_said);
        tcase_add_test(file, a_folder_that_is_not_there_is_an_error_that_names_the_file);
        suite_add_tcase(suite, file);
        TCase *limits = tcase_create("limits");
        tcase_set_timeout(limits, 60);
        tcase_add_checked_fixture(limits, setup, teardown);
        tcase_add_test(limits, the_oldest_calls_go_when_there_are_too_many);
        tcase_add_test(limits, the_oldest_calls_go_when_they_take_too_much);
        suite_add_tcase(suite, limits);
        return suite_run(suite);
}
