/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the hub stores, with each allocation failing in turn, SQLite's included: -ENOMEM, nothing
 * half done, nothing leaked (the sanitizers' run looks), and it works on.
 */
#include <errno.h>

#include "failing-store.h"
#include "hub/keeper.h"
#include "suite.h"
#include "wire/wire.h"

#define UUID(n) "0b7e6a52-90f7-4d4e-8f2c-0000000000" n
#define JSON_LIVE "{}"

static Keeper *keeper;
static char *record_json;

static char *record_of(const char *session_id)
{
        CallRecord record = {.direction = CALL_DIRECTION_INCOMING,
                             .status = CALL_STATUS_MISSED,
                             .initiated_at = 1,
                             .ended_at = 2};
        char *json;

        (void)STR_SET(record.session_id, session_id);
        (void)STR_SET(record.initiator.uid, "bob");
        (void)STR_SET(record.receiver.uid, "alice");
        ck_assert_int_eq(wire_encode_record(&record, &json), 0);
        return json;
}

static int write_log(void)
{
        Write writes[] = {
                {.type = WRITE_LOG, .unseen = true, .initiated_at = 1, .json = record_json},
                {.type = WRITE_DROP},
        };

        (void)STR_SET(writes[0].uid, "alice");
        (void)STR_SET(writes[0].session_id, UUID("01"));
        (void)STR_SET(writes[1].session_id, UUID("01"));
        return keeper_write(keeper, writes, ELEMENTSOF(writes));
}

static void setup(void)
{
        static const char *const names[] = {"alice", "bob"};
        char *text = NULL;
        bool is_new;

        failing_store_init();
        record_json = record_of(UUID("01"));
        ck_assert_int_eq(keeper_open(NULL, &keeper, &text), 0);
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                ck_assert_int_eq(keeper_user_add(keeper, names[i], names[i], &is_new), 0);
        ck_assert_int_eq(roster_add(keeper_roster(keeper), "team", "Team", &is_new), 0);
        ck_assert_int_eq(write_log(), 0);
}

static void teardown(void)
{
        keeper = keeper_free(keeper);
        free(record_json);
}

static int open_keeper(void)
{
        Keeper *opened = NULL;
        char *text = NULL;
        int r = keeper_open(NULL, &opened, &text);

        keeper_free(opened);
        free(text);
        return r;
}

static int user_add(void)
{
        bool is_new;

        return keeper_user_add(keeper, "carol", "Carol", &is_new);
}

static int user_get(void)
{
        KeeperUser user;

        return keeper_user_get(keeper, "alice", &user);
}

static int on_user(const KeeperUser *user, void *userdata)
{
        ++*(unsigned long *)userdata;
        return 0;
}

static int each_user(void)
{
        unsigned long n = 0;

        return keeper_each_user(keeper, on_user, &n);
}

static unsigned long sum_users(void)
{
        unsigned long n = 0;

        ck_assert_int_eq(keeper_each_user(keeper, on_user, &n), 0);
        return n;
}

static int user_remove(void)
{
        int r = keeper_user_remove(keeper, "bob");

        return r == -ENOENT ? 0 : r;
}

static int token_mint(void)
{
        char token[TOKEN_LENGTH + 1];

        return keeper_token_mint(keeper, "alice", "laptop", token);
}

static int on_token(const KeeperToken *token, void *userdata)
{
        ++*(unsigned long *)userdata;
        return 0;
}

static unsigned long sum_tokens(void)
{
        unsigned long n = 0;

        ck_assert_int_eq(keeper_each_token(keeper, "alice", on_token, &n), 0);
        return n;
}

static int token_find(void)
{
        char token[TOKEN_LENGTH + 1] = "0123";
        KeeperToken found;
        int r = keeper_token_find(keeper, token, &found);

        return r == -ENOENT ? 0 : r;
}

static int write_live(void)
{
        Write writes[] = {
                {.type = WRITE_LIVE, .json = (char *)JSON_LIVE},
                {.type = WRITE_LIVE_MEMBER, .json = (char *)JSON_LIVE},
                {.type = WRITE_WHEN_BUSY, .when_busy = WHEN_BUSY_RING},
                {.type = WRITE_BLOCK, .blocks = true},
        };

        for (size_t i = 0; i < ELEMENTSOF(writes); i++)
                (void)STR_SET(writes[i].uid, "alice");
        (void)STR_SET(writes[0].session_id, UUID("02"));
        (void)STR_SET(writes[1].session_id, UUID("02"));
        (void)STR_SET(writes[3].blocked, "bob");
        return keeper_write(keeper, writes, ELEMENTSOF(writes));
}

static int on_live(const LiveCall *live, void *userdata)
{
        return 0;
}

static int each_live(void)
{
        return keeper_each_live(keeper, on_live, NULL);
}

static int page(void)
{
        ReplyHistory found;
        int r = archive_page(keeper_archive(keeper), "alice", 10, "", 1 << 16, &found);

        for (size_t i = 0; r == 0 && i < found.n_records; i++)
                call_record_done(&found.records[i]);
        if (r == 0)
                free(found.records);
        return r;
}

static int changes(void)
{
        CallRecord *records;
        bool complete;
        size_t n;
        int r = archive_changes(keeper_archive(keeper), "alice", 0, 1 << 16, &records, &n,
                                &complete);

        for (size_t i = 0; r == 0 && i < n; i++)
                call_record_done(&records[i]);
        if (r == 0)
                free(records);
        return r;
}

static int on_record(const CallRecord *record, void *userdata)
{
        return 0;
}

static int mark_seen(void)
{
        return archive_mark_seen(keeper_archive(keeper), "alice", &(MessageSessions){0}, on_record,
                                 NULL);
}

static int forget(void)
{
        size_t n;

        return archive_forget(keeper_archive(keeper), "alice", &(MessageSessions){0}, &n);
}

static int deletions(void)
{
        MessageSessions deleted;
        int r = archive_deletions(keeper_archive(keeper), "alice", 0, &deleted);

        if (r == 0)
                free(deleted.session_ids);
        return r;
}

static int on_latest(const char *uid, const char *session_id, void *userdata)
{
        return 0;
}

static int latest(void)
{
        return archive_latest(keeper_archive(keeper), 1000, 10, on_latest, NULL);
}

static int prune(void)
{
        size_t n;

        return archive_prune(keeper_archive(keeper), 0, 0, 10, &n);
}

static int group_join(void)
{
        static const char *const uids[] = {"alice", "bob"};
        const char *uid;

        return roster_join(keeper_roster(keeper), "team", uids, ELEMENTSOF(uids), &uid);
}

static unsigned long sum_members(void)
{
        RosterGroup group;

        ck_assert_int_eq(roster_get(keeper_roster(keeper), "team", &group), 0);
        unsigned long n = group.n_uids;
        roster_group_done(&group);
        return n;
}

static int on_group(const RosterGroup *group, void *userdata)
{
        return 0;
}

static int each_group(void)
{
        return roster_each(keeper_roster(keeper), on_group, NULL);
}

static int group_leave(void)
{
        static const char *const uids[] = {"alice"};
        const char *uid;

        return roster_leave(keeper_roster(keeper), "team", uids, ELEMENTSOF(uids), &uid);
}

static const FailingOperation operations[] = {
        {"open", open_keeper, NULL, .every = 11},
        {"user add", user_add, sum_users},
        {"user get", user_get, NULL},
        {"each user", each_user, NULL},
        {"token mint", token_mint, sum_tokens},
        {"token find", token_find, NULL},
        {"write live", write_live, NULL},
        {"each live", each_live, NULL},
        {"write log", write_log, NULL},
        {"page", page, NULL},
        {"changes", changes, NULL},
        {"mark seen", mark_seen, NULL},
        {"forget", forget, NULL},
        {"deletions", deletions, NULL},
        {"latest", latest, NULL},
        {"prune", prune, NULL},
        {"group join", group_join, sum_members},
        {"each group", each_group, NULL},
        {"group leave", group_leave, sum_members},
        {"user remove", user_remove, sum_users},
};

START_TEST(what_the_hub_stores_survives_every_allocation_that_fails)
{
        for (size_t i = 0; i < ELEMENTSOF(operations); i++)
                operation_survives(&operations[i]);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub-memory");
        TCase *tcase = tcase_create("memory");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 60);
        tcase_add_test(tcase, what_the_hub_stores_survives_every_allocation_that_fails);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
