/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hub's page in Chromium as people use it: by mouse, by keyboard alone, with a screen reader,
 * with another page, and against devices without a phone (talkers).
 */
#include "e2e/hub-rig.h"
#include "e2e/web.h"
#include "rig/liar.h"
#include "wire/wire.h"

#define NODES_MAX 512

static void setup(void)
{
        h = rig_alloc(sizeof(*h));
        h->rig = rig_new();
        h->hub = web_hub(h->rig);
}

static void teardown(void)
{
        h = hub_rig_free(h);
}

/* A user whose device is a talker. */
static Talker *talking(const char *uid, const char *name)
{
        hub_add_user(h->hub, uid, name);
        _cleanup_free_ char *token = hub_mint(h->hub, uid);

        return talker_new(hub_port(h->hub), token, "words");
}

/* Waits for the next incoming call; returns its session id. */
static void wait_incoming(Talker *talker, char session_id[TALKER_UUID_SIZE])
{
        cJSON *incoming = talker_event(talker, "incoming");

        snprintf(session_id, TALKER_UUID_SIZE, "%s", talker_text(incoming, "session_id"));
        cJSON_Delete(incoming);
}

static void say(Talker *talker, const char *op, const char *session_id, const char *more)
{
        talker_ok(talker_request(talker, op, "\"session_id\":\"%s\"%s", session_id, more));
}

/* All controls have a role and a name. */
static void expect_accessible(Page *page, const char *where)
{
        static AccessibleNode nodes[NODES_MAX];
        size_t n = page_accessible_nodes(page, nodes, NODES_MAX), n_controls = 0;

        for (size_t i = 0; i < n; i++) {
                bool is_page = str_eq(nodes[i].role, "RootWebArea");

                if (!nodes[i].is_focusable || is_page)
                        continue;
                n_controls++;
                ck_assert_msg(!str_eq(nodes[i].role, "generic") && !str_eq(nodes[i].role, ""),
                              "%s: '%s' has no role", where, nodes[i].name);
                ck_assert_msg(*nodes[i].name, "%s: a %s has no name", where, nodes[i].role);
        }
        ck_assert_msg(n_controls >= 3, "%s: only %zu controls", where, n_controls);
}

static bool has_node(Page *page, const char *role, const char *name)
{
        static AccessibleNode nodes[NODES_MAX];
        size_t n = page_accessible_nodes(page, nodes, NODES_MAX);

        for (size_t i = 0; i < n; i++)
                if (str_eq(nodes[i].role, role) && str_eq(nodes[i].name, name))
                        return true;
        return false;
}

/* Presses Tab until the focus is on something of this name. */
static void tab_to(Page *page, const char *name)
{
        for (int i = 0; i < 30; i++) {
                page_press(page, "Tab");
                _cleanup_free_ char *focused =
                        page_eval(page, "document.activeElement.getAttribute('aria-label') ?? "
                                        "document.activeElement.textContent.trim()");
                if (str_eq(focused, name))
                        return;
        }
        rig_fail("no Tab leads to '%s'", name);
}

START_TEST(a_token_signs_in_and_is_kept_only_if_wanted)
{
        _cleanup_(page_freep) Page *page = web_page(h->hub, "alice");

        hub_add_user(h->hub, "alice", "Alice");
        h->alice = hub_mint(h->hub, "alice");
        expect_accessible(page, "signing in");
        page_picture(page, "login");
        page_look(page, true, 390, 780);
        page_picture(page, "login-dark-narrow");
        page_look(page, false, 1280, 800);
        page_wait(page, "document.activeElement.id === 'token'");
        page_type(page, "wrong");
        page_press(page, "Enter");
        page_wait(page, "document.getElementById('login-error').textContent === "
                        "'The hub does not accept this token.'");
        page_expect(page, "", "localStorage.getItem('tring.token') ?? ''");
        page_expect(page, "", "sessionStorage.getItem('tring.token') ?? ''");

        web_sign_in(page, h->alice);
        page_expect(page, "Alice", "document.getElementById('me').textContent");
        page_expect(page, "", "localStorage.getItem('tring.token') ?? ''");
        page_reload(page);
        page_wait(page, "document.getElementById('connection').textContent === 'Connected'");

        page_click(page, "#menu summary");
        page_click(page, "#sign-out");
        page_wait(page, "document.activeElement.id === 'token'");
        page_expect(page, "", "sessionStorage.getItem('tring.token') ?? ''");
        page_click(page, "#remember");
        page_click(page, "#token");
        web_sign_in(page, h->alice);
        page_expect(page, h->alice, "localStorage.getItem('tring.token') ?? ''");
}
END_TEST

START_TEST(the_keyboard_is_enough)
{
        _cleanup_(page_freep) Page *alice = web_user(h->hub, "alice", "Alice");
        _cleanup_(page_freep) Page *bob = web_user(h->hub, "bob", "Bob");

        expect_accessible(alice, "idle");
        free(page_eval(alice, "document.body.focus()"));
        tab_to(alice, "Settings");
        page_press(alice, "Tab");
        page_type(alice, "bob");
        page_press(alice, "Enter");
        web_wait_ring(bob, "Alice");
        web_wait_state(alice, "Ringing");
        ck_assert(has_node(bob, "dialog", "Incoming call"));
        ck_assert(has_node(alice, "button", "Cancel the call"));
        expect_accessible(bob, "ringing");

        /* A person who was just typing decides nothing by accident. */
        page_expect(bob, "incoming-title", "document.activeElement.id");
        page_press(bob, "Enter");
        page_press(bob, "Space");
        page_press(bob, "Escape");
        page_press(bob, "Escape");
        web_wait_ring(bob, "Alice");
        tab_to(bob, "Answer");
        page_press(bob, "Enter");
        web_wait_talking(bob);
        web_wait_talking(alice);
        expect_accessible(bob, "in a call");
        ck_assert(has_node(bob, "main", "Alice"));

        tab_to(bob, "Mute");
        page_press(bob, "Space");
        page_expect(bob, "true", "document.getElementById('mute').getAttribute('aria-pressed')");
        page_wait(alice, "document.querySelector('.tile').textContent.includes('muted')");
        tab_to(bob, "Hang up");
        page_press(bob, "Enter");
        web_wait_state(bob, "The call has ended.");
        web_wait_state(alice, "Bob hung up.");
        page_wait(alice, "document.getElementById('announcement').textContent === 'Bob hung up.'");
        tab_to(bob, "Close");
        page_press(bob, "Enter");
        page_wait(bob, "document.activeElement.id === 'dial'");
}
END_TEST

/* Makes the page store its connections where a test finds them. */
static void watch_connections(Page *page)
{
        free(page_eval(page, "window.made = []; window.RTCPeerConnection = "
                             "class extends RTCPeerConnection { constructor(options) { "
                             "super(options); window.made.push(this); } }; ''"));
}

/* Simulates that there is no path any more: a new connection must replace the last one. */
static void lose_connection(Page *page, Page *other)
{
        _cleanup_free_ char *before = page_eval(page, "String(made.length)");

        free(page_eval(page, "(() => { const lost = made.at(-1); Object.defineProperty(lost, "
                             "'connectionState', {value: 'failed'}); "
                             "lost.onconnectionstatechange(); })()"));
        page_wait(page, "made.length === %s + 1 && made.at(-1).connectionState === 'connected'",
                  before);
        page_wait(other, "made.length === %s + 1 && made.at(-1).connectionState === 'connected'",
                  before);
        page_wait(page, "made.at(-2).signalingState === 'closed'");
}

START_TEST(a_connection_that_is_lost_is_replaced)
{
        _cleanup_(page_freep) Page *alice = web_user(h->hub, "alice", "Alice");
        _cleanup_(page_freep) Page *bob = web_user(h->hub, "bob", "Bob");

        watch_connections(alice);
        watch_connections(bob);
        web_call(alice, "bob", false);
        web_wait_ring(bob, "Alice");
        page_click(bob, "[data-part=answer]");
        web_wait_tone(alice, WEB_HZ, true);
        web_wait_tone(bob, WEB_HZ, true);
        _cleanup_free_ char *code = web_code(alice);
        /* One of them offers; the other has to ask for an offer. */
        lose_connection(alice, bob);
        lose_connection(bob, alice);
        web_wait_tone(alice, WEB_HZ, true);
        web_wait_tone(bob, WEB_HZ, true);
        page_wait(alice, "document.getElementById('code').textContent === '%s'", code);
        page_wait(bob, "document.getElementById('code').textContent === '%s'", code);
        page_click(alice, "#hang-up");
        web_wait_state(bob, "Alice hung up.");
}
END_TEST

START_TEST(two_pages_hear_and_see_each_other)
{
        _cleanup_(page_freep) Page *alice = web_user(h->hub, "alice", "Alice");
        _cleanup_(page_freep) Page *bob = web_user(h->hub, "bob", "Bob");
        static const char sees[] = "document.querySelector('.tile video')?.videoWidth > 0 && "
                                   "!document.querySelector('.tile video').hidden";

        web_call(alice, "bob", true);
        web_wait_ring(bob, "Alice");
        page_expect(bob, "Incoming video call",
                    "document.querySelector('[data-part=what]').textContent");
        page_picture(bob, "ring-video");
        page_click(bob, "[data-part=video]");
        page_wait(alice, sees);
        page_wait(bob, sees);
        web_wait_tone(alice, WEB_HZ, true);
        web_wait_tone(bob, WEB_HZ, true);
        _cleanup_free_ char *code = web_code(alice);
        page_expect(bob, code, "document.getElementById('code').textContent");
        page_look(alice, true, 1280, 800);
        page_picture(alice, "call-video-dark");
        page_look(alice, true, 390, 780);
        page_picture(alice, "call-video-dark-narrow");
        page_picture(bob, "call-video");

        page_click(bob, "#camera");
        page_wait(alice, "document.querySelector('.tile video').hidden");
        page_click(bob, "#camera");
        page_wait(alice, sees);
        page_click(alice, "#mute");
        web_wait_tone(bob, WEB_HZ, false);
        page_click(alice, "#hang-up");
        web_wait_state(bob, "Alice hung up.");
        page_wait(bob, "!document.querySelector('#sounds audio')");
}
END_TEST

START_TEST(a_call_survives_a_hub_that_is_killed)
{
        _cleanup_(page_freep) Page *alice = web_user(h->hub, "alice", "Alice");
        _cleanup_(page_freep) Page *bob = web_user(h->hub, "bob", "Bob");

        web_call(alice, "bob", false);
        web_wait_ring(bob, "Alice");
        page_click(bob, "[data-part=answer]");
        web_wait_tone(alice, WEB_HZ, true);
        hub_kill(h->hub);
        page_wait(bob,
                  "document.getElementById('connection').textContent.includes('trying again')");
        web_wait_tone(alice, WEB_HZ, true);
        page_picture(alice, "offline-in-call");
        hub_start(h->hub);
        page_wait(alice, "document.getElementById('connection').textContent === 'Connected'");
        page_wait(bob, "document.getElementById('connection').textContent === 'Connected'");
        web_wait_talking(bob);
        web_wait_tone(alice, WEB_HZ, true);
        web_wait_tone(bob, WEB_HZ, true);
        page_click(bob, "#hang-up");
        web_wait_state(alice, "Bob hung up.");
}
END_TEST

START_TEST(the_page_shows_how_a_call_ended)
{
        static const struct {
                const char *op, *more, *sentence;
        } ends[] = {
                {"reject", ",\"status\":\"rejected\"", "Bob declined."},
                {"reject", ",\"status\":\"busy\"", "Bob is on another call."},
        };
        _cleanup_(page_freep) Page *alice = web_user(h->hub, "alice", "Alice");
        _cleanup_(talker_freep) Talker *bob = talking("bob", "Bob");
        char id[TALKER_UUID_SIZE];

        web_call(alice, "nobody", false);
        web_wait_state(alice, "There is nobody called “nobody” on this hub.");
        page_picture(alice, "error");
        for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
                web_call(alice, "bob", false);
                wait_incoming(bob, id);
                web_wait_state(alice, "Calling");
                say(bob, "alerting", id, "");
                web_wait_state(alice, "Ringing");
                say(bob, ends[i].op, id, ends[i].more);
                web_wait_state(alice, ends[i].sentence);
        }
        web_call(alice, "bob", false);
        wait_incoming(bob, id);
        page_click(alice, "#hang-up");
        cJSON_Delete(talker_event(bob, "over"));
        web_wait_state(alice, "You cancelled the call.");
        page_click(alice, "#dial");
        page_type(alice, "no spaces");
        page_press(alice, "Enter");
        page_wait(alice, "document.getElementById('dial-error').textContent !== ''");
}
END_TEST

/* Counts the notes that are played, and records the notifications that are shown. */
static void watch_alerts(Page *page)
{
        free(page_eval(page, "window.notes = 0; window.shown = [];"
                             "const start = OscillatorNode.prototype.start;"
                             "OscillatorNode.prototype.start = function (at) {"
                             "window.notes++; start.call(this, at); };"
                             "window.Notification = class { static permission = 'granted';"
                             "constructor(title) { window.shown.push(title); }"
                             "close() { window.shown.pop(); } }; ''"));
}

static void set_visible(Page *page, bool visible)
{
        free(page_eval(page,
                       "Object.defineProperty(document, 'visibilityState',"
                       "{value: '%s', configurable: true});"
                       "document.dispatchEvent(new Event('visibilitychange')); ''",
                       visible ? "visible" : "hidden"));
}

START_TEST(a_page_that_nobody_looks_at_rings_by_sound_title_and_notification)
{
        _cleanup_(page_freep) Page *alice = web_user(h->hub, "alice", "Alice");
        _cleanup_(talker_freep) Talker *bob = talking("bob", "Bob");
        char id[TALKER_UUID_SIZE];

        watch_alerts(alice);
        set_visible(alice, false);
        talker_uuid(id);
        talker_ok(talker_initiate(bob, id, "alice"));
        cJSON_Delete(talker_event(bob, "ringing"));
        page_wait(alice, "window.notes > 0");
        page_wait(alice, "window.shown[0] === 'Bob is calling'");
        page_wait(alice, "document.title === '☎ Bob is calling'");
        page_wait(alice, "document.title === 'Tring'");
        say(bob, "cancel", id, "");
        page_wait(alice, "window.shown[0] === 'Missed call from Bob'");
        page_wait(alice, "document.title === '(1) Tring'");
        set_visible(alice, true);
}
END_TEST

START_TEST(a_call_to_a_group_says_who_is_in_it_and_who_is_not)
{
        static const char *const uids[] = {"alice", "bob", "carol", NULL};
        _cleanup_(page_freep) Page *alice = web_user(h->hub, "alice", "Alice");
        _cleanup_(page_freep) Page *bob = web_user(h->hub, "bob", "Bob");
        _cleanup_(talker_freep) Talker *carol = talking("carol", "Carol");
        char id[TALKER_UUID_SIZE];

        hub_add_group(h->hub, "team", "The team", uids);
        page_click(alice, "#group-list [data-part=audio]");
        wait_incoming(carol, id);
        page_wait(bob, "document.querySelector('#incoming [data-part=what]')?.textContent === "
                       "'Incoming call to The team'");
        page_picture(bob, "ring-group");
        page_wait(alice,
                  "document.getElementById('call-members').textContent.includes('Bob is ringing')");
        page_click(bob, "[data-part=answer]");
        say(carol, "reject", id, ",\"status\":\"rejected\"");
        page_wait(alice,
                  "document.getElementById('call-members').textContent === 'Carol declined'");
        web_wait_tone(alice, WEB_HZ, true);
        page_expect(alice, "Bob", "document.querySelector('.tile [data-part=name]').textContent");
        ck_assert(has_node(bob, "button", "Leave the call"));
        page_picture(alice, "call-group");

        /* A member who has left can return while somebody is in the call. */
        page_click(bob, "#hang-up");
        page_wait(alice,
                  "document.getElementById('call-members').textContent.includes('Bob left')");
        page_click(bob, "#group-list [data-part=audio]");
        web_wait_tone(bob, WEB_HZ, true);
        web_wait_tone(alice, WEB_HZ, true);
        page_click(bob, "#hang-up");
        page_click(alice, "#hang-up");
        web_wait_state(alice, "The call has ended.");
}
END_TEST

START_TEST(a_ring_stops_when_it_is_over_and_missed_calls_are_marked)
{
        _cleanup_(page_freep) Page *alice = web_user(h->hub, "alice", "Alice");
        _cleanup_(talker_freep) Talker *bob = talking("bob", "Bob"), *laptop = NULL;
        _cleanup_free_ char *token = hub_mint(h->hub, "alice");
        char id[TALKER_UUID_SIZE];

        laptop = talker_new(hub_port(h->hub), token, "laptop");
        talker_uuid(id);
        talker_ok(talker_initiate(bob, id, "alice"));
        web_wait_ring(alice, "Bob");
        cJSON_Delete(talker_event(bob, "ringing"));
        page_look(alice, true, 1280, 800);
        page_picture(alice, "ring-dark");
        page_look(alice, false, 390, 780);
        page_picture(alice, "ring-narrow");
        page_look(alice, false, 1280, 800);
        say(laptop, "accept", id, ",\"join\":false");
        web_wait_state(alice, "Answered on another device.");
        page_wait(alice, "!document.getElementById('incoming').open");
        say(laptop, "end", id, "");

        talker_uuid(id);
        talker_ok(talker_initiate(bob, id, "alice"));
        web_wait_ring(alice, "Bob");
        page_click(alice, "[data-part=silence]");
        say(bob, "cancel", id, "");
        web_wait_state(alice, "Bob gave up.");
        page_wait(alice, "document.title.startsWith('(1)')");
        page_wait(alice, "document.querySelector('#history .row').className === 'row missed new'");
        page_picture(alice, "history");
        page_click(alice, "#seen");
        cJSON_Delete(talker_event(laptop, "logged"));
        page_wait(alice, "!document.querySelector('.new') && document.title === 'Tring'");
        page_reload(alice);
        page_wait(alice, "document.querySelectorAll('#history .row').length === 2");
        page_wait(alice, "document.querySelector('#history .row').className === 'row missed'");
        page_look(alice, true, 390, 780);
        page_picture(alice, "history-dark-narrow");
        page_look(alice, false, 1280, 800);

        /* Call back. */
        page_click(alice, "#history [data-part=back]");
        wait_incoming(bob, id);
        say(bob, "reject", id, ",\"status\":\"rejected\"");
        web_wait_state(alice, "Bob declined.");
}
END_TEST

START_TEST(a_second_call_stands_aside_and_answering_it_ends_the_first)
{
        _cleanup_(page_freep) Page *alice = web_user(h->hub, "alice", "Alice");
        _cleanup_(talker_freep) Talker *bob = talking("bob", "Bob"), *carol = NULL;
        char first[TALKER_UUID_SIZE], second[TALKER_UUID_SIZE];

        carol = talking("carol", "Carol");
        page_click(alice, "#menu summary");
        page_click(alice, "#waiting");
        page_press(alice, "Escape");
        web_call(alice, "bob", false);
        wait_incoming(bob, first);
        say(bob, "accept", first, ",\"join\":false");
        web_wait_talking(alice);

        talker_uuid(second);
        talker_ok(talker_initiate(carol, second, "alice"));
        web_wait_ring(alice, "Carol");
        page_wait(alice, "document.getElementById('incoming').matches('.aside:not(:modal)')");
        page_picture(alice, "second-call");
        page_click(alice, "#mute");
        page_click(alice, "[data-part=answer]");
        cJSON_Delete(talker_event(carol, "accepted"));
        cJSON_Delete(talker_event(bob, "over"));
        page_wait(alice, "document.getElementById('stage-title').textContent === 'Carol'");
        page_expect(alice, "false", "document.getElementById('mute').getAttribute('aria-pressed')");
        say(carol, "end", second, "");
        web_wait_state(alice, "Carol hung up.");
}
END_TEST

START_TEST(who_may_ring_is_chosen_in_the_menu_and_kept_by_the_hub)
{
        _cleanup_(page_freep) Page *alice = web_user(h->hub, "alice", "Alice");
        _cleanup_free_ char *token = hub_mint(h->hub, "alice");
        _cleanup_(talker_freep) Talker *desk = talker_new(hub_port(h->hub), token, "desk");
        _cleanup_(talker_freep) Talker *bob = talking("bob", "Bob");
        char id[TALKER_UUID_SIZE];

        page_click(alice, "#menu summary");
        page_wait(alice, "document.getElementById('who-may-ring').value === 'everybody'");
        page_picture(alice, "who-may-ring");
        free(page_eval(alice,
                       "(() => { const who = document.getElementById('who-may-ring');"
                       " who.value = 'nobody'; who.dispatchEvent(new Event('change')); })()"));
        cJSON *changed = talker_event(desk, "changed");
        ck_assert_str_eq(talker_text(changed, "who_may_ring"), "nobody");
        cJSON_Delete(changed);
        page_wait(alice, "document.getElementById('who-may-ring').value === 'nobody'");
        talker_uuid(id);
        talker_ok(talker_initiate(bob, id, "alice"));
        say(bob, "cancel", id, "");
        cJSON_Delete(talker_event(desk, "logged"));
        ck_assert(!talker_has_event(desk, "incoming"));
        page_wait(alice, "document.getElementById('history').textContent.includes("
                         "'may not ring')");
}
END_TEST

/* Notes in window.asked what the page asks the browser for. */
#define NOTE_WHAT_IS_ASKED_FOR                                                         \
        "(() => { const devices = navigator.mediaDevices, get = devices.getUserMedia;" \
        "window.asked = []; devices.getUserMedia = (wanted) => {"                      \
        "window.asked.push(...Object.keys(wanted).filter((kind) => wanted[kind]));"    \
        "return get.call(devices, wanted); }; })()"

static void lie(Liar *liar)
{
        liar_says(liar, "\"call_type\":\"audio\"", "\"call_type\":\"video\"");
}

/* Answers the call and joins its media; returns the others who have joined before. */
static cJSON *answer_and_join(Talker *talker, const char *id)
{
        cJSON *answer = talker_request(talker, "accept", "\"session_id\":\"%s\",\"join\":true", id);
        const cJSON *call = cJSON_GetObjectItemCaseSensitive(answer, "ok");
        cJSON *reply = talker_request(talker, "join", "\"session_id\":\"%s\",\"token\":\"%s\"", id,
                                      talker_text(call, "join_token"));
        cJSON *joined = cJSON_GetObjectItemCaseSensitive(reply, "ok");
        cJSON *others = cJSON_DetachItemFromObjectCaseSensitive(joined, "others");

        cJSON_Delete(answer);
        cJSON_Delete(reply);
        return others;
}

/* The page has joined, before or by now, and the others know that it shows no picture. */
static void expect_unseen(Talker *bob, cJSON *before, Page *alice)
{
        cJSON *joined = cJSON_GetArraySize(before) > 0 ? NULL : talker_event(bob, "joined");
        const cJSON *participant = joined ? cJSON_GetObjectItemCaseSensitive(joined, "participant")
                                          : cJSON_GetArrayItem(before, 0);

        ck_assert_str_eq(talker_text(participant, "uid"), "alice");
        ck_assert(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(participant, "video_paused")));
        cJSON_Delete(joined);
        cJSON_Delete(before);
        page_wait(alice, "document.getElementById('camera').checkVisibility()");
        page_expect(alice, "false",
                    "document.getElementById('camera').getAttribute('aria-pressed')");
        page_expect(alice, "", "(window.asked ?? []).filter((kind) => kind === 'video').join()");
        page_expect(alice, "no",
                    "document.getElementById('self').checkVisibility() ? 'yes' : 'no'");
}

START_TEST(rule_22_a_hub_that_makes_an_audio_call_a_video_call_opens_no_camera_of_the_page)
{
        _cleanup_(liar_freep) Liar *liar = liar_new(h->hub);
        Hub lying = liar_hub(liar);
        _cleanup_(page_freep) Page *alice = web_user(&lying, "alice", "Alice");
        _cleanup_(talker_freep) Talker *bob = talking("bob", "Bob");
        char id[TALKER_UUID_SIZE];

        free(page_eval(alice, NOTE_WHAT_IS_ASKED_FOR));
        web_call(alice, "bob", false);
        wait_incoming(bob, id);
        lie(liar);
        expect_unseen(bob, answer_and_join(bob, id), alice);
        page_wait(alice, "window.asked.includes('audio')");
        ck_assert_uint_gt(liar_lies(liar), 0);
        /* Not after a reload either, when the hub tells the page of its call. */
        page_reload(alice);
        expect_unseen(bob, NULL, alice);
        page_click(alice, "#camera");
        page_wait(alice, "document.getElementById('camera').getAttribute('aria-pressed') === "
                         "'true'");
        page_wait(alice, "document.getElementById('self').checkVisibility()");
        say(bob, "end", id, "");
}
END_TEST

/* What the page has stored of its calls is a minute old. */
#define MAKE_OLD                                                                \
        "(() => { const stored = JSON.parse(sessionStorage['tring.consents']);" \
        "stored.date = Date.now() - 60000;"                                     \
        "sessionStorage['tring.consents'] = JSON.stringify(stored); })()"
#define IS_OLD "JSON.parse(sessionStorage['tring.consents']).date < Date.now() - 30000"
#define IS_JOINED "document.getElementById('mute').checkVisibility()"

START_TEST(rule_22_a_page_that_comes_back_late_opens_no_microphone)
{
        _cleanup_(page_freep) Page *alice = web_user(h->hub, "alice", "Alice");
        _cleanup_(talker_freep) Talker *bob = talking("bob", "Bob");
        char id[TALKER_UUID_SIZE];

        web_call(alice, "bob", false);
        wait_incoming(bob, id);
        say(bob, "accept", id, ",\"join\":false");
        page_wait(alice, IS_JOINED);
        /* Nothing happens in the call, and the page dates it anew. */
        page_expect(alice, "young",
                    "new Promise((done) => { setTimeout(() => " MAKE_OLD ", 3000);"
                    "setTimeout(() => done(" IS_OLD " ? 'old' : 'young'), 6000); })");
        /* The browser was closed in the call, and gives the tab back a minute later. */
        free(page_eval(alice, "void (Storage.prototype.setItem = () => {})"));
        free(page_eval(alice, MAKE_OLD));
        page_reload(alice);
        page_wait(alice, "document.getElementById('rejoin').checkVisibility()");
        page_expect(alice, "no", IS_JOINED " ? 'yes' : 'no'");
        page_click(alice, "#rejoin");
        page_wait(alice, IS_JOINED);
        say(bob, "end", id, "");
}
END_TEST

START_TEST(a_page_that_is_replaced_says_so_and_can_take_over)
{
        _cleanup_(page_freep) Page *alice = web_user(h->hub, "alice", "Alice");
        _cleanup_(talker_freep) Talker *other = NULL;
        _cleanup_free_ char *device = page_eval(alice, "sessionStorage.getItem('tring.device')");
        _cleanup_free_ char *token = hub_mint(h->hub, "alice");

        other = talker_new(hub_port(h->hub), token, device);
        page_wait(alice, "document.getElementById('login-error').textContent.includes('another')");
        page_wait(alice, "document.activeElement.textContent === 'Use it here'");
        page_press(alice, "Enter");
        talker_closed(other, WIRE_CLOSE_REPLACED, "");
        page_wait(alice, "document.getElementById('connection').textContent === 'Connected'");
}
END_TEST

START_TEST(do_not_disturb_shows_nothing_but_the_missed_call)
{
        _cleanup_(page_freep) Page *alice = web_user(h->hub, "alice", "Alice");
        _cleanup_(talker_freep) Talker *bob = talking("bob", "Bob");
        char id[TALKER_UUID_SIZE];

        page_click(alice, "#menu summary");
        page_click(alice, "#dnd");
        page_picture(alice, "menu");
        free(page_eval(alice, "new MutationObserver(() => { window.rang = true; })"
                              ".observe(document.getElementById('incoming'), {attributes: true})"));
        talker_uuid(id);
        talker_ok(talker_initiate(bob, id, "alice"));
        say(bob, "cancel", id, "");
        page_wait(alice, "document.querySelector('#history .row')?.className === 'row missed new'");
        page_expect(alice, "no", "window.rang ? 'yes' : 'no'");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("web");
        TCase *tests = tcase_create("web");

        tcase_set_timeout(tests, 120);
        tcase_add_unchecked_fixture(tests, web_setup, web_teardown);
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, a_token_signs_in_and_is_kept_only_if_wanted);
        tcase_add_test(tests, the_keyboard_is_enough);
        tcase_add_test(tests, two_pages_hear_and_see_each_other);
        tcase_add_test(tests, a_connection_that_is_lost_is_replaced);
        tcase_add_test(tests, a_call_survives_a_hub_that_is_killed);
        tcase_add_test(tests, the_page_shows_how_a_call_ended);
        tcase_add_test(tests, a_ring_stops_when_it_is_over_and_missed_calls_are_marked);
        tcase_add_test(tests, a_page_that_nobody_looks_at_rings_by_sound_title_and_notification);
        tcase_add_test(tests, a_call_to_a_group_says_who_is_in_it_and_who_is_not);
        tcase_add_test(tests, a_second_call_stands_aside_and_answering_it_ends_the_first);
        tcase_add_test(tests, who_may_ring_is_chosen_in_the_menu_and_kept_by_the_hub);
        tcase_add_test(
                tests,
                rule_22_a_hub_that_makes_an_audio_call_a_video_call_opens_no_camera_of_the_page);
        tcase_add_test(tests, rule_22_a_page_that_comes_back_late_opens_no_microphone);
        tcase_add_test(tests, a_page_that_is_replaced_says_so_and_can_take_over);
        tcase_add_test(tests, do_not_disturb_shows_nothing_but_the_missed_call);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
