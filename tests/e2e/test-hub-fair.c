/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One user does the most expensive things that are legal: nobody else notices. */

#include "exchange/exchange.h"
#include "hub-rig.h"
#include "hub/outbox.h"
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

/* ---- floods ---- */

static void setup_floods(void)
{
        h = hub_rig_new("[limits]\ncalls-per-minute = 0\n");
}

#define FLOOD 1000 /* signals; the attack that went through needed some hundred */
#define SIGNAL_BYTES 48000

/* Joins the media of the call by the token that the device has; returns the participant's id. */
static void join(Talker *talker, const char *id, char ret[static PARTICIPANT_ID_MAX + 1])
{
        cJSON *made = talker_request(talker, "token", "\"session_id\":\"%s\"", id);
        const cJSON *ok = cJSON_GetObjectItemCaseSensitive(made, "ok");
        cJSON *joined = talker_request(talker, "join", "\"session_id\":\"%s\",\"token\":\"%s\"", id,
                                       talker_text(ok, "token"));

        ok = cJSON_GetObjectItemCaseSensitive(joined, "ok");
        ck_assert_int_eq(str_copy(ret, PARTICIPANT_ID_MAX + 1, talker_text(ok, "participant")), 0);
        cJSON_Delete(made);
        cJSON_Delete(joined);
}

/* A call of Alice's to Bob, in whose media both are. */
static void in_media(Talker *alice, Talker *bob, char id[static TALKER_UUID_SIZE],
                     char bobs[static PARTICIPANT_ID_MAX + 1])
{
        char alices[PARTICIPANT_ID_MAX + 1];

        hub_rig_call(alice, bob, id);
        join(alice, id, alices);
        join(bob, id, bobs);
}

static char *long_text(size_t n)
{
        char *text = rig_alloc(n + 1);

        memset(text, 'x', n);
        return text;
}

/* Bob reads and acknowledges nothing meanwhile. Returns how many were refused. */
static unsigned flood(Talker *alice, const char *id, const char *peer, size_t size)
{
        _cleanup_free_ char *data = long_text(size);
        unsigned n_refused = 0;

        for (int i = 0; i < FLOOD; i++) {
                cJSON *reply = talker_request(
                        alice, "signal", "\"session_id\":\"%s\",\"peer\":\"%s\",\"data\":\"%s\"",
                        id, peer, data);
                const cJSON *error = cJSON_GetObjectItemCaseSensitive(reply, "error");

                if (error) {
                        ck_assert_str_eq(talker_text(error, "name"), "TooMany");
                        n_refused++;
                }
                cJSON_Delete(reply);
        }
        return n_refused;
}

static const size_t sizes[] = {10, SIGNAL_BYTES};

START_TEST(a_flood_of_signals_is_refused_to_its_sender_and_the_receiver_stays)
{
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);
        char id[TALKER_UUID_SIZE], bobs[PARTICIPANT_ID_MAX + 1];
        unsigned n_signals = 0;

        in_media(alice, bob, id, bobs);
        bob->silent = true;
        unsigned n_refused = flood(alice, id, bobs, sizes[_i]);
        ck_assert_uint_gt(n_refused, FLOOD - 3 * SENDER_MESSAGES_MAX);
        /* Bob has what was not refused, and all that the hub itself has to say to him. */
        hub_rig_end(alice, id);
        cJSON_Delete(talker_event(bob, "over"));
        while (talker_has_event(bob, "signalled"))
                n_signals++;
        ck_assert_uint_eq(n_signals, FLOOD - n_refused);
        bob->silent = false;
        talker_ok(talker_request(bob, "settings", "%s", ""));
        /* And he can be called again. */
        hub_rig_call(alice, bob, id);
        hub_rig_end(alice, id);
        talker_free(alice);
        talker_free(bob);
}
END_TEST

START_TEST(who_switches_the_microphone_a_thousand_times_is_not_refused_and_the_other_stays)
{
        Talker *alice = hub_rig_alice(h), *bob = hub_rig_bob(h);
        char id[TALKER_UUID_SIZE], bobs[PARTICIPANT_ID_MAX + 1];

        in_media(alice, bob, id, bobs);
        bob->silent = true;
        for (int i = 0; i < FLOOD; i++)
                talker_ok(talker_request(alice, "state",
                                         "\"session_id\":\"%s\",\"muted\":%s,"
                                         "\"media_flows\":true",
                                         id, i % 2 ? "false" : "true"));
        bob->silent = false;
        talker_ok(talker_request(bob, "settings", "%s", ""));
        hub_rig_end(alice, id);
        cJSON_Delete(talker_event(bob, "over"));
        talker_free(alice);
        talker_free(bob);
}
END_TEST

/* In KiB. */
static unsigned long hub_memory(void)
{
        _cleanup_free_ char *path = str_printf("/proc/%d/statm", (int)h->hub->process->pid);
        _cleanup_free_ char *text = rig_read_file(path);
        unsigned long size, resident = 0;

        ck_assert_int_eq(sscanf(text, "%lu %lu", &size, &resident), 2);
        return resident * 4;
}

#define GONE 20 /* devices of Bob's, each in a call */
#define GONE_SIGNALS 40

/* Two users, of whom one has many devices that are gone: the hub used to keep 8 MiB for each. */
START_TEST(devices_that_are_gone_keep_little_of_the_hubs_memory)
{
        _cleanup_free_ char *data = long_text(SIGNAL_BYTES);
        Talker *alice = hub_rig_alice(h), *bobs[GONE];
        char ids[GONE][TALKER_UUID_SIZE], peers[GONE][PARTICIPANT_ID_MAX + 1];
        char device[16];

        talker_ok(talker_request(alice, "settings", "\"when_busy\":\"ring\""));
        for (int i = 0; i < GONE; i++) {
                char own[PARTICIPANT_ID_MAX + 1];

                snprintf(device, sizeof(device), "bob-%d", i);
                bobs[i] = talker_new(hub_port(h->hub), h->bob, device);
                if (i == 0)
                        talker_ok(talker_request(bobs[0], "settings", "\"when_busy\":\"ring\""));
                talker_uuid(ids[i]);
                talker_ok(talker_request(alice, "initiate",
                                         "\"session_id\":\"%s\",\"receiver\":\"bob\","
                                         "\"receiver_type\":\"user\",\"call_type\":\"audio\","
                                         "\"join\":true,\"parallel\":true",
                                         ids[i]));
                talker_ok(talker_request(bobs[i], "accept",
                                         "\"session_id\":\"%s\",\"join\":true,\"parallel\":true",
                                         ids[i]));
                join(alice, ids[i], own);
                join(bobs[i], ids[i], peers[i]);
        }
        unsigned long before = hub_memory();
        for (int i = 0; i < GONE; i++)
                talker_free(bobs[i]);
        for (int s = 0; s < GONE_SIGNALS; s++)
                for (int i = 0; i < GONE; i++)
                        cJSON_Delete(talker_request(
                                alice, "signal",
                                "\"session_id\":\"%s\",\"peer\":\"%s\",\"data\":\"%s\"", ids[i],
                                peers[i], data));
        unsigned long after = hub_memory();
        printf("the hub had %lu KiB, and has %lu KiB\n", before, after);
        ck_assert_uint_lt(after, before + OUTBOXES_BYTES_USER_MAX / 1024);
        talker_free(alice);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub: fair");
        TCase *tests = tcase_create("fair");

        /* AddressSanitizer keeps what the hub has freed, and that counts as memory that it uses. */
        (void)setenv("ASAN_OPTIONS",
                     "quarantine_size_mb=1:thread_local_quarantine_size_kb=64:"
                     "allocator_release_to_os_interval_ms=0",
                     false);

        tcase_set_timeout(tests, 90);
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_loop_test(tests, whoever_asks_for_much_of_the_history_keeps_nobody_waiting, 0,
                            EXPENSE_COUNT);
        tcase_add_test(tests, a_change_that_was_asked_for_is_made_even_if_the_device_has_gone);
        suite_add_tcase(suite, tests);
        tests = tcase_create("floods");
        tcase_set_timeout(tests, 90);
        tcase_add_checked_fixture(tests, setup_floods, hub_rig_teardown);
        tcase_add_loop_test(tests,
                            a_flood_of_signals_is_refused_to_its_sender_and_the_receiver_stays, 0,
                            ELEMENTSOF(sizes));
        tcase_add_test(
                tests,
                who_switches_the_microphone_a_thousand_times_is_not_refused_and_the_other_stays);
        tcase_add_test(tests, devices_that_are_gone_keep_little_of_the_hubs_memory);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
