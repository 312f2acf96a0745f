/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One user does the most expensive things that are legal: nobody else notices. */

#include "hub-rig.h"
#include "rig/long-history.h"
#include "rig/trial.h"
#include "wire/wire.h"

#define LONG_HISTORY 20000
#define IDS 1000       /* the most in one request */
#define REQUESTS 60    /* at once; the device may have 64 */
#define RINGS 20       /* measured meanwhile */
#define RING_MAX_MS 50 /* half of them, on a machine that is busy with all of this */

static Talker *mallory;
static char *mallory_token;

static void setup(void)
{
        h = hub_rig_new("[limits]\ncalls-per-minute = 0\n");
        hub_add_user(h->hub, "mallory", "Mallory");
        mallory_token = hub_mint(h->hub, "mallory");
        hub_stop(h->hub);
        long_history_make(h->hub->state, "mallory", LONG_HISTORY);
        hub_start(h->hub);
        mallory = talker_new(hub_port(h->hub), mallory_token, "m");
}

static void teardown(void)
{
        talker_free(mallory);
        free(mallory_token);
        hub_rig_teardown();
}

/* From Alice's initiate until Bob's device is told, in ms. */
static double timed_ring(Talker *alice, Talker *bob)
{
        char id[TALKER_UUID_SIZE];
        usec_t begin = clock_boottime();

        talker_uuid(id);
        talker_say(alice, "initiate",
                   "\"session_id\":\"%s\",\"receiver\":\"bob\",\"receiver_type\":\"user\","
                   "\"call_type\":\"audio\",\"join\":false",
                   id);
        uint64_t request = alice->id;
        cJSON_Delete(talker_event(bob, "incoming"));
        double took = (double)(clock_boottime() - begin) / USEC_PER_MSEC;
        talker_ok(talker_reply(alice, request));
        talker_ok(talker_request(alice, "cancel", "\"session_id\":\"%s\"", id));
        cJSON_Delete(talker_event(bob, "over"));
        cJSON_Delete(talker_event(bob, "logged"));
        cJSON_Delete(talker_event(alice, "over"));
        cJSON_Delete(talker_event(alice, "logged"));
        return took;
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

static char *ids_of(bool known)
{
        char *text = rig_alloc(IDS * 40 + 1), *at = text;

        for (unsigned i = 0; i < IDS; i++)
                at += sprintf(at, "%s\"%08x-90f7-4d4e-8f2c-0c9d7a1b2c3%c\"", i ? "," : "",
                              i * 2654435761u, known ? 'd' : 'e');
        return text;
}

typedef enum Expense {
        SEEN_UNKNOWN,
        SEEN_ALL,
        PAGES,
        FORGET_KNOWN, /* the last two delete what they name */
        FORGET_ALL,
        EXPENSE_COUNT,
} Expense;

static void spend(Expense expense)
{
        _cleanup_free_ char *ids = ids_of(expense == FORGET_KNOWN);

        switch (expense) {
        case SEEN_UNKNOWN:
                talker_say(mallory, "seen", "\"session_ids\":[%s]", ids);
                break;
        case SEEN_ALL:
                talker_say(mallory, "seen", "%s", "");
                break;
        case PAGES:
                talker_say(mallory, "history", "\"limit\":200");
                break;
        case FORGET_KNOWN:
                talker_say(mallory, "forget", "\"session_ids\":[%s]", ids);
                break;
        case FORGET_ALL:
        case EXPENSE_COUNT:
                talker_say(mallory, "forget", "%s", "");
                break;
        }
}

START_TEST(whoever_asks_for_much_of_the_history_keeps_nobody_waiting)
{
        _cleanup_(rig_trial_freep) RigTrial *trial = rig_trial_new();
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);
        double took[RINGS];

        do {
                uint64_t first = mallory->id + 1;

                rig_trial_begin(trial);
                for (int i = 0; i < REQUESTS; i++)
                        spend((Expense)_i);
                for (int i = 0; i < RINGS; i++)
                        took[i] = timed_ring(alice, bob);
                qsort(took, RINGS, sizeof(*took), compare);
                /* All are answered, each by itself, in the order in which they were asked. */
                for (uint64_t id = first; id <= mallory->id; id++)
                        talker_ok(talker_reply(mallory, id));
        } while (!rig_trial_judge(trial, took[RINGS / 2] < RING_MAX_MS,
                                  "half of the rings took %.1f ms", took[RINGS / 2]));
        printf("%d: half of the rings took %.2f ms, the slowest %.2f ms\n", _i, took[RINGS / 2],
               took[RINGS - 1]);
        talker_free(alice);
        talker_free(bob);
}
END_TEST

START_TEST(a_change_that_was_asked_for_is_made_even_if_the_device_has_gone)
{
        Talker *other = talker_new(hub_port(h->hub), mallory_token, "m2");

        for (int i = 0; i < 8; i++)
                spend(SEEN_UNKNOWN);
        talker_say(mallory, "forget", "%s", "");
        /* This is answered at once, and shows that the hub has read the others. */
        talker_ok(talker_request(mallory, "settings", "%s", ""));
        talker_free(mallory);
        mallory = other;
        cJSON_Delete(talker_event(other, "forgotten"));
        cJSON *reply = talker_request(other, "history", "%s", "");
        const cJSON *page = cJSON_GetObjectItemCaseSensitive(reply, "ok");
        ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(page, "records")), 0);
        cJSON_Delete(reply);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub: fair");
        TCase *tests = tcase_create("fair");

        tcase_set_timeout(tests, 90);
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_loop_test(tests, whoever_asks_for_much_of_the_history_keeps_nobody_waiting, 0,
                            EXPENSE_COUNT);
        tcase_add_test(tests, a_change_that_was_asked_for_is_made_even_if_the_device_has_gone);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
