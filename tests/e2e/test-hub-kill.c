/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * kill -9 under load: all that the hub had confirmed is there afterwards. Pairs of devices call
 * each other as fast as they can, and note each confirmation; meanwhile the hub is killed and
 * started again, over and over.
 */

#include <pthread.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "hub-rig.h"

#define ROUNDS 15
#define PAIRS 4
#define LOAD_US (200 * USEC_PER_MSEC)

/* The last thing that was confirmed of a call. */
typedef enum Stage {
        ASKED, /* nothing: the hub may know the call or not */
        INITIATED,
        ACCEPTED,
        LEFT, /* by the caller; a group call continues */
        ENDED,
        CANCELLED,
} Stage;

typedef struct Fact {
        UT_hash_handle hh;
        char id[TALKER_UUID_SIZE];
        Stage stage;
        unsigned seen; /* how often it is in the history */
} Fact;

typedef struct Pair {
        int number;
        char *tokens[2];
        char uids[2][16];
        char guid[16];      /* a group of the two */
        Talker *talkers[2]; /* caller, receiver */
        Fact *facts;
        pthread_t thread;
} Pair;

static Pair pairs[PAIRS];

static bool is_reply(const cJSON *message, uint64_t id)
{
        const cJSON *reply = cJSON_GetObjectItemCaseSensitive(message, "id");

        return reply && reply->valuedouble == (double)id;
}

/* Waits for the event or, if NULL, the reply to the last request. False: the hub is dead. */
static bool await(Talker *talker, const char *event)
{
        for (;;) {
                cJSON *message = talker_next(talker, event ?: "a reply");
                bool found = message && (event ? str_eq(talker_text(message, "event"), event)
                                               : is_reply(message, talker->id));

                if (found && !event && !cJSON_GetObjectItemCaseSensitive(message, "ok"))
                        rig_fail("not \"ok\": %s", cJSON_PrintUnformatted(message));
                cJSON_Delete(message);
                if (found || !message)
                        return found;
        }
}

static bool ask(Talker *talker, const char *op, const char *id, const char *more)
{
        return talker_try(talker, op, "\"session_id\":\"%s\"%s", id, more) && await(talker, NULL);
}

/*
 * Makes one call, as far as the hub lives; every third is cancelled before the answer, and every
 * second is to a group.
 */
static bool call(Pair *pair, Fact *fact, unsigned n)
{
        Talker *caller = pair->talkers[0], *receiver = pair->talkers[1];
        bool group = n % 2;
        char more[128];

        snprintf(more, sizeof(more),
                 ",\"receiver\":\"%s\",\"receiver_type\":\"%s\",\"call_type\":\"audio\","
                 "\"join\":false",
                 group ? pair->guid : pair->uids[1], group ? "group" : "user");
        if (!ask(caller, "initiate", fact->id, more))
                return false;
        fact->stage = INITIATED;
        if (n % 3 == 2) {
                if (!ask(caller, "cancel", fact->id, ""))
                        return false;
                fact->stage = CANCELLED;
                return await(receiver, "over");
        }
        if (!await(receiver, "incoming") || !ask(receiver, "accept", fact->id, ",\"join\":false"))
                return false;
        fact->stage = ACCEPTED;
        if (!ask(caller, "end", fact->id, ""))
                return false;
        if (group) {
                fact->stage = LEFT;
                if (!ask(receiver, "end", fact->id, ""))
                        return false;
        }
        fact->stage = ENDED;
        return group || await(receiver, "over");
}

static void *load(void *userdata)
{
        Pair *pair = userdata;
        Fact *fact;
        unsigned n = 0;

        do {
                fact = rig_alloc(sizeof(*fact));
                *fact = (Fact){.stage = ASKED};
                talker_uuid(fact->id);
                HASH_ADD_STR(pair->facts, id, fact);
        } while (call(pair, fact, n++));
        return NULL;
}

static void connect_pair(Pair *pair)
{
        for (int i = 0; i < 2; i++)
                pair->talkers[i] = talker_new(hub_port(h->hub), pair->tokens[i], pair->uids[i]);
}

static void disconnect_pair(Pair *pair)
{
        for (int i = 0; i < 2; i++)
                pair->talkers[i] = talker_free(pair->talkers[i]);
}

/* Notes that a record or a live call confirms a fact; side 0 is the caller. */
static void look_at(Pair *pair, int side, const cJSON *record, bool live)
{
        const char *status = talker_text(record, "status");
        Fact *fact;

        HASH_FIND_STR(pair->facts, talker_text(record, "session_id"), fact);
        if (!fact)
                rig_fail("a call that nobody placed: %s", cJSON_PrintUnformatted(record));
        fact->seen++;
        bool left = side == 0 && fact->stage == LEFT;
        bool right = live                           ? fact->stage < ENDED && !left
                     : fact->stage == ENDED || left ? str_eq(status, "ended")
                     : fact->stage == CANCELLED ? str_eq(status, side == 0 ? "cancelled" : "missed")
                                                : true;
        if (!right)
                rig_fail("stage %d, but stored is: %s", (int)fact->stage,
                         cJSON_PrintUnformatted(record));
}

/* Reads all of the history, and the live calls. */
static void look_at_all(Pair *pair, int side)
{
        Talker *talker = pair->talkers[side];
        char cursor[80] = "";
        const cJSON *record;

        cJSON_ArrayForEach (record, cJSON_GetObjectItemCaseSensitive(talker->welcome, "calls"))
                look_at(pair, side, record, true);
        do {
                cJSON *page = talker_request(talker, "history", "\"limit\":200%s%s%s",
                                             *cursor ? ",\"cursor\":\"" : "", cursor,
                                             *cursor ? "\"" : "");
                const cJSON *ok = cJSON_GetObjectItemCaseSensitive(page, "ok");

                cJSON_ArrayForEach (record, cJSON_GetObjectItemCaseSensitive(ok, "records"))
                        look_at(pair, side, record, false);
                snprintf(cursor, sizeof(cursor), "%s", talker_text(ok, "next"));
                cJSON_Delete(page);
        } while (*cursor);
        /* A ring comes after the welcome, not in it. */
        cJSON_ArrayForEach (record, talker->events)
                if (str_eq(talker_text(record, "event"), "incoming"))
                        look_at(pair, side, record, true);
}

/* All that was ever confirmed is there, for both users, once. */
static size_t check_pair(Pair *pair)
{
        size_t n = 0;
        Fact *fact, *next;

        for (int side = 0; side < 2; side++) {
                HASH_ITER (hh, pair->facts, fact, next)
                        fact->seen = 0;
                look_at_all(pair, side);
                HASH_ITER (hh, pair->facts, fact, next) {
                        unsigned wanted = fact->stage != ASKED;

                        if (fact->seen != wanted && fact->stage != ASKED)
                                rig_fail("pair %d, side %d: call %s was confirmed (stage %d) and "
                                         "is there %u times",
                                         pair->number, side, fact->id, (int)fact->stage,
                                         fact->seen);
                        n += wanted;
                }
        }
        return n;
}

/* A call that was live when the hub died continues: its deadlines run, and it can be ended. */
static size_t finish_live(Pair *pair, int side)
{
        Talker *talker = pair->talkers[side];
        const cJSON *live;
        size_t n = 0;

        cJSON_ArrayForEach (live, cJSON_GetObjectItemCaseSensitive(talker->welcome, "calls")) {
                bool rings = str_eq(talker_text(live, "status"), "initiated");
                bool group = str_eq(talker_text(live, "receiver_type"), "group");
                const cJSON *left = cJSON_GetObjectItemCaseSensitive(live, "remaining_ms");

                if (rings && (!left || left->valuedouble <= 0 || left->valuedouble > 45000))
                        rig_fail("a ring without a deadline: %s", cJSON_PrintUnformatted(live));
                /* The caller ends the call for both, but only leaves a group call. */
                if (side == 1 && (rings || !group))
                        continue;
                const char *id = talker_text(live, "session_id");
                talker_ok(talker_request(talker, rings ? "cancel" : "end", "\"session_id\":\"%s\"",
                                         id));
                Fact *fact;
                HASH_FIND_STR(pair->facts, id, fact);
                fact->stage = rings ? CANCELLED : ENDED;
                n++;
        }
        return n;
}

static void setup(void)
{
        h = rig_alloc(sizeof(*h));
        *h = (HubRig){.rig = rig_new()};
        h->hub = hub_new_configured(h->rig,
                                    "[limits]\ncalls-per-minute = 0\nstored-mb-per-day = 0\n");
        for (int p = 0; p < PAIRS; p++) {
                pairs[p] = (Pair){.number = p};
                for (int i = 0; i < 2; i++) {
                        snprintf(pairs[p].uids[i], sizeof(pairs[p].uids[i]), "u%d-%d", p, i);
                        hub_add_user(h->hub, pairs[p].uids[i], "Somebody");
                        pairs[p].tokens[i] = hub_mint(h->hub, pairs[p].uids[i]);
                }
                snprintf(pairs[p].guid, sizeof(pairs[p].guid), "g%d", p);
                free(RUN(0, "group", "add", pairs[p].guid));
                free(RUN(0, "group", "join", pairs[p].guid, pairs[p].uids[0], pairs[p].uids[1]));
        }
}

static void teardown(void)
{
        Fact *fact, *next;

        for (int p = 0; p < PAIRS; p++) {
                HASH_ITER (hh, pairs[p].facts, fact, next) {
                        HASH_DEL(pairs[p].facts, fact);
                        free(fact);
                }
                free(pairs[p].tokens[0]);
                free(pairs[p].tokens[1]);
        }
        hub_rig_teardown();
}

START_TEST(what_was_confirmed_survives_kill_9)
{
        size_t n_facts = 0, n_live = 0;

        for (int round = 0; round < ROUNDS; round++) {
                for (int p = 0; p < PAIRS; p++) {
                        connect_pair(&pairs[p]);
                        ck_assert_int_eq(pthread_create(&pairs[p].thread, NULL, load, &pairs[p]),
                                         0);
                }
                rig_run_for(h->rig, LOAD_US);
                hub_kill(h->hub);
                for (int p = 0; p < PAIRS; p++) {
                        pthread_join(pairs[p].thread, NULL);
                        disconnect_pair(&pairs[p]);
                }
                hub_start(h->hub);
                n_facts = 0;
                for (int p = 0; p < PAIRS; p++) {
                        connect_pair(&pairs[p]);
                        n_facts += check_pair(&pairs[p]);
                        n_live += finish_live(&pairs[p], 0) + finish_live(&pairs[p], 1);
                        disconnect_pair(&pairs[p]);
                }
        }
        printf("%d times kill -9: %zu records of confirmed calls, 0 lost; %zu live calls came "
               "back\n",
               ROUNDS, n_facts, n_live);
        ck_assert_uint_gt(n_facts, ROUNDS * PAIRS);
        ck_assert_uint_gt(n_live, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub: kill");
        TCase *tests = tcase_create("kill");

        tcase_set_timeout(tests, 240);
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, what_was_confirmed_survives_kill_9);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
