/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Somebody in a call with Alice sends her as much as the hub lets through: she stays online, and is
 * rung by others.
 */

#include "base/str.h"
#include "e2e/expect.h"
#include "model/message.h"
#include "rig/talk.h"
#include "rig/talker.h"
#include "suite.h"

#define FLOOD 4000 /* some 1000 were enough to cut her off */
#define AT_ONCE 32

typedef struct Scene {
        Talk talk; /* without Bob's desktop */
        Talker *mallory, *bob;
        Call call;
        char alice[PARTICIPANT_ID_MAX + 1]; /* her participant in it */
} Scene;

static Talker *device(Hub *hub, const char *uid, const char *name)
{
        _cleanup_free_ char *token = NULL;

        hub_add_user(hub, uid, name);
        token = hub_mint(hub, uid);
        return talker_new((uint16_t)atoi(strrchr(hub->url, ':') + 1), token, uid);
}

static void mallory_joins(Scene *scene)
{
        cJSON *accepted, *joined;

        cJSON_Delete(talker_event(scene->mallory, "incoming"));
        accepted = talker_request(scene->mallory, "accept", "\"session_id\":\"%s\",\"join\":true",
                                  scene->call.id);
        joined = talker_request(
                scene->mallory, "join", "\"session_id\":\"%s\",\"token\":\"%s\"", scene->call.id,
                talker_text(cJSON_GetObjectItemCaseSensitive(accepted, "ok"), "join_token"));
        cJSON_Delete(accepted);
        talker_ok(joined);
}

/* Alice is in the media of a call with Mallory. */
static Scene scene_new(void)
{
        Scene scene = {.talk.rig = rig_new()};
        Talk *talk = &scene.talk;
        cJSON *joined;

        talk->hub = hub_new(talk->rig);
        person_init(&talk->alice, talk->rig, "alice");
        person_log_in(&talk->alice, talk->hub);
        Client *at_a = talk->alice.desktop->client;
        client_set(at_a, TRING_ROOT, TRING_MANAGER, "WhenBusy", "s", "ring");
        client_wait_property(at_a, TRING_ROOT, TRING_MANAGER, "WhenBusy", "ring");
        scene.mallory = device(talk->hub, "mallory", "Mallory");
        scene.bob = device(talk->hub, "bob", "Bob");
        scene.call = call_start(talk->alice.desktop, "mallory");
        mallory_joins(&scene);
        client_wait_signal(at_a, "OutgoingCallAccepted", scene.call.path);
        client_do(at_a, scene.call.path, TRING_SESSION, "Join", "a{sv}", 0);
        joined = talker_event(scene.mallory, "joined");
        STR_SET(scene.alice,
                talker_text(cJSON_GetObjectItemCaseSensitive(joined, "participant"), "id"));
        cJSON_Delete(joined);
        return scene;
}

static void scene_done(Scene *scene)
{
        Talk *talk = &scene->talk;

        talker_free(scene->mallory);
        talker_free(scene->bob);
        desktop_free(talk->alice.desktop);
        rig_graph_free(talk->alice.graph);
        rig_audio_free(talk->alice.audio);
        hub_free(talk->hub);
        rig_free(talk->rig);
}

#define _cleanup_scene_ _cleanup_(scene_done)

static void say(Scene *scene, const char *op, unsigned n)
{
        if (str_eq(op, "signal"))
                talker_say(scene->mallory, op,
                           "\"session_id\":\"%s\",\"peer\":\"%s\",\"data\":\"null\"",
                           scene->call.id, scene->alice);
        else
                talker_say(scene->mallory, op,
                           "\"session_id\":\"%s\",\"muted\":%s,\"media_flows\":false",
                           scene->call.id, n % 2 ? "true" : "false");
}

static void bob_rings(Scene *scene)
{
        char id[TALKER_UUID_SIZE];

        talker_uuid(id);
        talker_ok(talker_initiate(scene->bob, id, "alice"));
        client_wait_signal(scene->talk.alice.desktop->client, "IncomingCallReceived", NULL);
        talker_ok(talker_request(scene->bob, "cancel", "\"session_id\":\"%s\"", id));
}

static const char *const floods[] = {"signal", "state"};

START_TEST(who_is_flooded_by_a_participant_stays_online_and_is_rung)
{
        _cleanup_scene_ Scene scene = scene_new();
        Client *at_a = scene.talk.alice.desktop->client;
        const char *op = floods[_i];
        unsigned n_refused = 0;

        for (unsigned n = 0; n < FLOOD; n += AT_ONCE) {
                uint64_t first = scene.mallory->id + 1;

                for (unsigned i = 0; i < AT_ONCE; i++)
                        say(&scene, op, n + i);
                for (uint64_t id = first; id <= scene.mallory->id; id++) {
                        cJSON *reply = talker_reply(scene.mallory, id);

                        n_refused += !cJSON_GetObjectItemCaseSensitive(reply, "ok");
                        cJSON_Delete(reply);
                }
                expect_text(client_property(at_a, TRING_ROOT, TRING_MANAGER, "ConnectionState"),
                            "online");
                if (n == FLOOD / AT_ONCE / 2 * AT_ONCE)
                        bob_rings(&scene);
        }
        printf("%s: %u of %d refused\n", op, n_refused, FLOOD);
        if (str_eq(op, "signal"))
                ck_assert_uint_gt(n_refused, 0);
        else
                ck_assert_uint_eq(n_refused, 0);
        bob_rings(&scene);
        call_wait_status(scene.talk.alice.desktop, &scene.call, "ongoing", NULL);
        if (str_eq(op, "signal"))
                return;
        /* The last state is what Alice is shown. */
        person_wait_participant(&scene.talk.alice, &scene.call, "muted: true");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("flood");
        TCase *tcase = tcase_create("flood");

        tcase_set_timeout(tcase, 120);
        tcase_add_loop_test(tcase, who_is_flooded_by_a_participant_stays_online_and_is_rung, 0,
                            ELEMENTSOF(floods));
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
