/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kill -9 of each program in each phase of a call: the call continues as if nothing happened. */
#include "base/str.h"
#include "e2e/expect.h"
#include "e2e/pair.h"
#include "rig/notifications.h"
#include "suite.h"

static const char *const capabilities[] = {"actions", "body", NULL};

typedef enum Phase {
        PHASE_RINGING,
        PHASE_ONGOING,
        PHASE_FINISHED,
        PHASE_COUNT,
} Phase;

typedef struct Scene {
        Pair pair;
        Notifications *notifications;
        Process *listener, *notifier;
        Call call;
} Scene;

static void start_notifier(Scene *scene)
{
        scene->notifier = process_start(scene->pair.rig, "notifier", &scene->pair.bob->environment,
                                        ARGV(rig_program("NOTIFIER")));
}

static void start_listener(Scene *scene)
{
        scene->listener = process_start(scene->pair.rig, "listener", &scene->pair.bob->environment,
                                        ARGV(rig_program("LISTENER"), "shell", "-200"));
}

static void wait_heard(Scene *scene, const char *event)
{
        char line[128];

        snprintf(line, sizeof(line), "%s %s", event, scene->call.id);
        free(process_wait_line(scene->listener, line));
}

/* Waits for both, in any order. */
static void wait_listeners(Scene *scene)
{
        usec_t deadline = rig_deadline();

        for (;;) {
                _cleanup_free_ char *listeners = client_property(
                        scene->pair.bob->client, TRING_ROOT, TRING_MANAGER, "Listeners");

                if (strstr(listeners, "shell") && strstr(listeners, "tring-notifier"))
                        return;
                rig_run_once(scene->pair.rig, deadline, "both listeners");
        }
}

static Scene scene_new(void)
{
        Scene scene = {.pair = pair_new()};

        start_listener(&scene);
        scene.notifications = notifications_new(scene.pair.bob, capabilities);
        start_notifier(&scene);
        wait_listeners(&scene);
        return scene;
}

static void scene_done(Scene *scene)
{
        process_free(scene->notifier);
        notifications_free(scene->notifications);
        process_free(scene->listener);
        pair_done(&scene->pair);
}

#define _cleanup_scene_ _cleanup_(scene_done)

static void kill_hub(Scene *scene)
{
        hub_kill(scene->pair.hub);
        hub_start(scene->pair.hub);
}

static void kill_caller(Scene *scene)
{
        /* The machine's slowness must not use up the 10 s that a caller may be away (rule 14). */
        hub_suspend(scene->pair.hub);
        desktop_kill(scene->pair.alice);
        desktop_start(scene->pair.alice);
        hub_continue(scene->pair.hub);
}

static void kill_receiver(Scene *scene)
{
        desktop_kill(scene->pair.bob);
        desktop_start(scene->pair.bob);
}

static void kill_listener(Scene *scene)
{
        process_kill(scene->listener);
        process_free(scene->listener);
        start_listener(scene);
}

static void kill_notifier(Scene *scene)
{
        process_kill(scene->notifier);
        process_free(scene->notifier);
        start_notifier(scene);
}

static void kill_everything(Scene *scene)
{
        hub_kill(scene->pair.hub);
        desktop_kill(scene->pair.alice);
        desktop_kill(scene->pair.bob);
        desktop_start(scene->pair.bob);
        hub_start(scene->pair.hub);
        desktop_start(scene->pair.alice);
}

static void (*const victims[])(Scene *scene) = {
        kill_hub, kill_caller, kill_receiver, kill_listener, kill_notifier, kill_everything,
};

static void reach(Scene *scene, Phase phase)
{
        Desktop *alice = scene->pair.alice, *bob = scene->pair.bob;

        scene->call = call_ring(alice, bob, false);
        wait_heard(scene, "IncomingCallReceived");
        notifications_wait(scene->notifications, "Alice");
        if (phase >= PHASE_ONGOING) {
                call_accept(bob, &scene->call, false);
                call_wait_status(alice, &scene->call, "ongoing", NULL);
        }
        if (phase >= PHASE_FINISHED) {
                call_end(alice, &scene->call);
                call_wait_status(bob, &scene->call, "ended", NULL);
        }
        desktop_wait_stored(alice);
        desktop_wait_stored(bob);
}

static void finish(Scene *scene, Phase phase)
{
        Desktop *alice = scene->pair.alice, *bob = scene->pair.bob;

        if (phase == PHASE_RINGING) {
                call_wait_status(bob, &scene->call, "initiated", NULL);
                notifications_wait(scene->notifications, "Alice");
                call_accept(bob, &scene->call, false);
        }
        if (phase <= PHASE_ONGOING) {
                call_wait_status(alice, &scene->call, "ongoing", NULL);
                call_wait_status(bob, &scene->call, "ongoing", NULL);
                call_end(bob, &scene->call);
                call_wait_status(alice, &scene->call, "ended", "remote-hangup");
        }
        expect_has(call_history(alice, &scene->call), "status: ended");
        expect_has(call_history(bob, &scene->call), "status: ended");
        client_wait_property(bob->client, TRING_ROOT, TRING_MANAGER, "UnseenMissed", "0");
        client_wait_property(bob->client, TRING_ROOT, TRING_MANAGER, "Ringing", "false");
        /* The next call is like any other. */
        scene->call = call_ring(alice, bob, false);
        wait_heard(scene, "IncomingCallReceived");
        notifications_wait(scene->notifications, "Alice");
}

START_TEST(rule_14_call_goes_on_when_any_program_is_killed_in_any_phase)
{
        _cleanup_scene_ Scene scene = scene_new();
        Phase phase = (Phase)(_i % PHASE_COUNT);

        reach(&scene, phase);
        victims[_i / PHASE_COUNT](&scene);
        wait_listeners(&scene);
        desktop_wait_online(scene.pair.alice);
        desktop_wait_online(scene.pair.bob);
        finish(&scene, phase);
}
END_TEST

static Suite *phases_suite(void)
{
        Suite *suite = suite_create("phases");
        TCase *tcase = tcase_create("phases");

        tcase_set_timeout(tcase, 120);
        tcase_add_loop_test(tcase, rule_14_call_goes_on_when_any_program_is_killed_in_any_phase, 0,
                            PHASE_COUNT * ELEMENTSOF(victims));
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return suite_run(phases_suite());
}
