/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Chromium with the hub's page against a user at a desktop: ring, sound and video both ways. Alice
 * is at the desktop, with a virtual microphone and speaker; Bob is in the browser.
 */
#include "e2e/expect.h"
#include "e2e/web.h"
#include "rig/audio-ear.h"
#include "rig/audio.h"
#include "rig/desktop.h"
#include "rig/picture-camera.h"
#include "rig/picture-eye.h"
#include "suite.h"

#define MICROPHONE "mouth"
#define SPEAKER "ear"
#define ALICE_HZ 440

typedef struct Scene {
        Rig *rig;
        Hub *hub;
        Desktop *alice;
        RigAudio *audio;
        RigGraph *graph;
        RigTone *voice;
        Page *bob;
} Scene;

static Scene scene_new(void)
{
        Scene scene = {.rig = rig_new()};

        scene.hub = web_hub(scene.rig);
        scene.alice = desktop_new(scene.rig, "alice");
        rig_check(rig_audio_new((const char *const[]){MICROPHONE, NULL},
                                (const char *const[]){SPEAKER, NULL}, &scene.audio),
                  "virtual audio");
        rig_check(rig_graph_new(rig_audio_directory(scene.audio), &scene.graph), "a graph");
        rig_check(rig_tone_new(scene.graph, MICROPHONE, ALICE_HZ, &scene.voice), "a tone");
        environment_set(&scene.alice->environment, "PIPEWIRE_RUNTIME_DIR", "%s",
                        rig_audio_directory(scene.audio));
        desktop_start(scene.alice);
        desktop_login(scene.alice, scene.hub);
        scene.bob = web_user(scene.hub, "bob", "Bob");
        return scene;
}

static void scene_done(Scene *scene)
{
        page_free(scene->bob);
        desktop_free(scene->alice);
        rig_tone_free(scene->voice);
        rig_graph_free(scene->graph);
        rig_audio_free(scene->audio);
        hub_free(scene->hub);
        rig_free(scene->rig);
}

#define _cleanup_scene_ _cleanup_(scene_done)

static void alice_hears(Scene *scene, bool heard)
{
        RigHeard last;

        if (rig_listen_until(scene->graph, SPEAKER, WEB_HZ, heard ? RIG_HEARD_DB : -70.0, heard,
                             rig_patience_ms(), &last) < 0)
                rig_fail("Bob is %s at Alice's speaker: %.1f dB of his tone, %.1f dB in all",
                         heard ? "not heard" : "still heard", last.tone_db, last.level_db);
}

START_TEST(a_desktop_rings_the_page_and_both_are_heard)
{
        _cleanup_scene_ Scene scene = scene_new();
        Client *at_a = scene.alice->client;
        Call call = call_start_with(scene.alice, "bob", "audio", "a{sv}", 0);

        web_wait_ring(scene.bob, "Alice");
        page_wait(scene.bob, "document.title.includes('Alice is calling')");
        page_picture(scene.bob, "desktop-rings");
        page_click(scene.bob, "[data-part=answer]");
        client_wait_signal(at_a, "OutgoingCallAccepted", call.path);
        web_wait_talking(scene.bob);
        web_wait_tone(scene.bob, ALICE_HZ, true);
        alice_hears(&scene, true);
        page_wait(scene.bob, "document.querySelector('.tile.speaking')");
        page_picture(scene.bob, "desktop-call");
        expect_has(client_property(at_a, call.path, TRING_SESSION, "Participants"), "name: Bob");

        _cleanup_free_ char *code = web_code(scene.bob);
        expect_text(client_property(at_a, call.path, TRING_SESSION, "VerificationCode"), code);

        page_click(scene.bob, "#mute");
        alice_hears(&scene, false);
        page_click(scene.bob, "#mute");
        alice_hears(&scene, true);
        client_do(at_a, call.path, TRING_SESSION, "SetAudioMuted", "b", true);
        page_wait(scene.bob, "document.querySelector('.tile').textContent.includes('muted')");
        web_wait_tone(scene.bob, ALICE_HZ, false);
        page_wait(scene.bob, "!document.querySelector('.tile.speaking')");

        page_click(scene.bob, "#hang-up");
        call_wait_status(scene.alice, &call, "ended", "remote-hangup");
        page_wait(scene.bob, "document.querySelector('#history .name')?.textContent === 'Alice'");
}
END_TEST

/* Waits until Alice's session shows `text` of the only other participant; the caller frees it. */
static char *wait_participant(Scene *scene, const Call *call, const char *text)
{
        usec_t deadline = rig_deadline();

        for (;;) {
                char *all = client_property(scene->alice->client, call->path, TRING_SESSION,
                                            "Participants");

                if (strstr(all, text))
                        return all;
                free(all);
                rig_run_once(scene->rig, deadline, text);
        }
}

/* The browser refuses Bob's page the microphone until bob_allows(). */
static void bob_refuses(Scene *scene)
{
        free(page_eval(scene->bob,
                       "(() => { const devices = navigator.mediaDevices;"
                       "const real = devices.getUserMedia.bind(devices);"
                       "devices.getUserMedia = (wanted) => window.isAllowed ? real(wanted) :"
                       "Promise.reject(new DOMException('refused', 'NotAllowedError')); })()"));
}

/* As a browser reports a device that was plugged in. */
static void bob_allows(Scene *scene)
{
        free(page_eval(scene->bob,
                       "window.isAllowed = true, "
                       "navigator.mediaDevices.dispatchEvent(new Event('devicechange'))"));
}

static bool was_reconnecting(const Client *client)
{
        for (size_t i = 0; i < client->n_signals; i++) {
                if (!str_eq(client->signals[i]->member, "PropertiesChanged"))
                        continue;
                _cleanup_free_ char *state = text_of_key(client->signals[i]->message, 1, "State");

                if (state && str_eq(state, "reconnecting"))
                        return true;
        }
        return false;
}

/* Longer than a path may be silent (PATH_SILENT_US), and than another connection would take. */
#define WITHOUT_VOICE_US (12 * USEC_PER_SEC)

START_TEST(a_page_without_microphone_stays_connected_and_uses_one_that_comes)
{
        _cleanup_scene_ Scene scene = scene_new();
        Client *at_a = scene.alice->client;

        bob_refuses(&scene);
        Call call = call_start_with(scene.alice, "bob", "audio", "a{sv}", 0);
        web_wait_ring(scene.bob, "Alice");
        page_click(scene.bob, "[data-part=answer]");
        client_wait_signal(at_a, "OutgoingCallAccepted", call.path);
        web_wait_talking(scene.bob);
        web_wait_tone(scene.bob, ALICE_HZ, true);
        free(wait_participant(&scene, &call, "muted: true"));
        page_wait(scene.bob, "document.getElementById('call-faults').textContent"
                             ".includes('allow it in the address bar')");
        page_wait(scene.bob, "document.querySelector('#mute.missing')?.ariaLabel"
                             " === 'No microphone: try again'");
        page_picture(scene.bob, "no-microphone");

        client_wait_property(at_a, call.path, TRING_SESSION, "State", "connected");
        rig_run_for(scene.rig, WITHOUT_VOICE_US);
        expect_text(client_property(at_a, call.path, TRING_SESSION, "State"), "connected");
        ck_assert(!was_reconnecting(at_a));
        page_expect(scene.bob, "true",
                    "document.getElementById('call-faults').textContent.length > 0");

        bob_allows(&scene);
        alice_hears(&scene, true);
        free(wait_participant(&scene, &call, "muted: false"));
        page_wait(scene.bob, "document.getElementById('call-faults').textContent === ''");
        page_wait(scene.bob, "document.querySelector('#mute:not(.missing)')?.ariaLabel === 'Mute'");
        call_end(scene.alice, &call);
        web_wait_state(scene.bob, "Alice hung up.");
}
END_TEST

START_TEST(a_page_rings_the_desktop_and_comes_back_after_a_reload)
{
        _cleanup_scene_ Scene scene = scene_new();
        Client *at_a = scene.alice->client;
        Call call = {};

        web_call(scene.bob, "alice", false);
        HeardSignal *incoming = client_wait_signal(at_a, "IncomingCallReceived", NULL);
        expect_has(text_of_key(incoming->message, 2, "initiator"), "Bob");
        rig_path(call.path, "%s", incoming->path);
        web_wait_state(scene.bob, "Ringing");
        client_do(at_a, call.path, TRING_CALL, "Accept", "a{sv}", 0);
        web_wait_talking(scene.bob);
        web_wait_tone(scene.bob, ALICE_HZ, true);
        alice_hears(&scene, true);

        page_reload(scene.bob);
        web_wait_talking(scene.bob);
        web_wait_tone(scene.bob, ALICE_HZ, true);
        alice_hears(&scene, true);

        client_do(at_a, call.path, TRING_CALL, "End", NULL);
        web_wait_state(scene.bob, "Alice hung up.");
}
END_TEST

/* Much less than the hub waits for somebody who said nothing (rule 14). */
#define NOTICED_US (20 * USEC_PER_SEC)

START_TEST(a_page_that_is_closed_asks_first_and_then_soon_ends_the_call)
{
        static const char asks[] = "!dispatchEvent(new Event('beforeunload', {cancelable: true}))";
        _cleanup_scene_ Scene scene = scene_new();

        page_expect(scene.bob, "false", asks);
        Call call = call_start_with(scene.alice, "bob", "audio", "a{sv}", 0);
        web_wait_ring(scene.bob, "Alice");
        page_expect(scene.bob, "false", asks);
        page_click(scene.bob, "[data-part=answer]");
        web_wait_talking(scene.bob);
        alice_hears(&scene, true);
        page_expect(scene.bob, "true", asks);

        usec_t left = clock_boottime();
        page_leave(scene.bob);
        call_wait_status(scene.alice, &call, "ended", "connection-lost");
        ck_assert_uint_lt(clock_boottime() - left, NOTICED_US);
}
END_TEST

/* The browser's test camera is green, except for a moving part and the time. */
static bool is_browsers_camera(const RigPicture *picture)
{
        size_t n = picture->width * picture->height, n_green = 0;

        for (size_t i = 0; i < n; i++) {
                const RigColour *pixel = &picture->pixels[i];

                n_green += pixel->green > pixel->red + 40 && pixel->green > pixel->blue + 40;
        }
        return n_green > n / 2;
}

/* The fields of a RigCamera, as the page shows them. */
static void bob_sees_alice(Scene *scene)
{
        page_wait(scene->bob,
                  "(() => { const video = document.querySelector('.tile.seen video');"
                  "if (!video?.videoWidth) return false;"
                  "const canvas = document.createElement('canvas').getContext('2d');"
                  "canvas.canvas.width = canvas.canvas.height = 64;"
                  "canvas.drawImage(video, 0, 0, 64, 64);"
                  "const at = (x, y) => [...canvas.getImageData(x, y, 1, 1).data].slice(0, 3)"
                  ".map((value) => value > 110 ? 1 : 0).join('');"
                  "window.seen = [at(12, 12), at(52, 12), at(12, 52), at(52, 52)].join(' ');"
                  "return window.seen === '100 010 001 111'; })()");
}

/* As another program at the desktop does: through the node that the session names. */
static void alice_sees_bob(Scene *scene, const Call *call, const char *picture)
{
        static const char member[] = "video_node: ";
        _cleanup_free_ char *all = wait_participant(scene, call, "video_node: tring.");
        char *node = strstr(all, member) + strlen(member);
        RigEye *eye;

        node[strcspn(node, ",}")] = '\0';
        rig_check(rig_eye_new(rig_audio_directory(scene->audio), node, &eye), "an eye");
        rig_eye_expect(eye, is_browsers_camera, picture);
        rig_eye_free(eye);
}

START_TEST(a_desktop_and_a_page_see_each_other)
{
        _cleanup_scene_ Scene scene = scene_new();
        Client *at_a = scene.alice->client;
        RigCamera *camera;

        rig_check(rig_camera_new(scene.graph, "cam", &camera), "a camera");
        Call call = call_start_with(scene.alice, "bob", "video", "a{sv}", 0);
        web_wait_ring(scene.bob, "Alice");
        page_click(scene.bob, "[data-part=video]");
        client_wait_signal(at_a, "OutgoingCallAccepted", call.path);
        bob_sees_alice(&scene);
        alice_hears(&scene, true);
        page_picture(scene.bob, "desktop-video");
        alice_sees_bob(&scene, &call, "page-seen-by-desktop");

        client_do(at_a, call.path, TRING_SESSION, "SetVideoPaused", "b", true);
        page_wait(scene.bob, "!document.querySelector('.tile.seen')");
        client_do(at_a, call.path, TRING_SESSION, "SetVideoPaused", "b", false);
        bob_sees_alice(&scene);
        page_click(scene.bob, "#camera");
        free(wait_participant(&scene, &call, "video_paused: true"));
        page_click(scene.bob, "#camera");
        free(wait_participant(&scene, &call, "video_paused: false"));
        alice_sees_bob(&scene, &call, "page-seen-again");
        call_end(scene.alice, &call);
        web_wait_state(scene.bob, "Alice hung up.");
        rig_camera_free(camera);
}
END_TEST

START_TEST(a_page_calls_a_desktop_with_picture)
{
        _cleanup_scene_ Scene scene = scene_new();
        Client *at_a = scene.alice->client;
        RigCamera *camera;
        Call call = {};

        rig_check(rig_camera_new(scene.graph, "cam", &camera), "a camera");
        web_call(scene.bob, "alice", true);
        rig_path(call.path, "%s", client_wait_signal(at_a, "IncomingCallReceived", NULL)->path);
        client_do(at_a, call.path, TRING_CALL, "Accept", "a{sv}", 0);
        bob_sees_alice(&scene);
        client_do(at_a, call.path, TRING_CALL, "End", NULL);
        web_wait_state(scene.bob, "Alice hung up.");
        rig_camera_free(camera);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("web: desktop");
        TCase *tests = tcase_create("desktop");

        tcase_set_timeout(tests, 180);
        tcase_add_unchecked_fixture(tests, web_setup, web_teardown);
        tcase_add_test(tests, a_desktop_rings_the_page_and_both_are_heard);
        tcase_add_test(tests, a_page_without_microphone_stays_connected_and_uses_one_that_comes);
        tcase_add_test(tests, a_page_that_is_closed_asks_first_and_then_soon_ends_the_call);
        tcase_add_test(tests, a_page_rings_the_desktop_and_comes_back_after_a_reload);
        tcase_add_test(tests, a_desktop_and_a_page_see_each_other);
        tcase_add_test(tests, a_page_calls_a_desktop_with_picture);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
