/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/talk.h"

#include <string.h>

#include "base/str.h"

#define QUIET_DB -70.0 /* level of all sound that nobody would hear */
#define LOUD_DB -45.0  /* level of a ring at less than full volume */
#define STRETCH_MS 300

void person_init(Person *person, Rig *rig, const char *name)
{
        static const char *const microphones[] = {TALK_MICROPHONE, NULL};
        static const char *const speakers[] = {TALK_SPEAKER, NULL};

        person->desktop = desktop_new(rig, name);
        rig_check(rig_audio_new(microphones, speakers, &person->audio), "virtual audio");
        rig_check(rig_graph_new(rig_audio_directory(person->audio), &person->graph), "a graph");
        environment_set(&person->desktop->environment, "PIPEWIRE_RUNTIME_DIR", "%s",
                        rig_audio_directory(person->audio));
}

void person_log_in(Person *person, Hub *hub)
{
        desktop_start(person->desktop);
        desktop_login(person->desktop, hub);
}

static void person_done(Person *person)
{
        desktop_free(person->desktop);
        rig_graph_free(person->graph);
        rig_audio_free(person->audio);
}

Talk talk_new(void)
{
        Talk talk = {.rig = rig_new()};

        talk.hub = hub_new(talk.rig);
        person_init(&talk.alice, talk.rig, "alice");
        person_init(&talk.bob, talk.rig, "bob");
        person_log_in(&talk.alice, talk.hub);
        person_log_in(&talk.bob, talk.hub);
        return talk;
}

void talk_done(Talk *talk)
{
        person_done(&talk->alice);
        person_done(&talk->bob);
        hub_free(talk->hub);
        rig_free(talk->rig);
}

Call talk_begin(Talk *talk)
{
        Call call = call_ring(talk->alice.desktop, talk->bob.desktop, true);

        call_accept(talk->bob.desktop, &call, true);
        client_wait_signal(talk->alice.desktop->client, "OutgoingCallAccepted", call.path);
        person_wait_state(&talk->alice, &call, "connected");
        person_wait_state(&talk->bob, &call, "connected");
        return call;
}

void person_choose(Person *person, const char *property, const char *value)
{
        client_set(person->desktop->client, TRING_ROOT, TRING_DEVICES, property, "s", value);
}

void person_wait_state(Person *person, const Call *call, const char *state)
{
        client_wait_property(person->desktop->client, call->path, TRING_SESSION, "State", state);
}

void person_wait_participant(Person *person, const Call *call, const char *part)
{
        Client *client = person->desktop->client;
        usec_t deadline = rig_deadline();

        for (;;) {
                _cleanup_free_ char *text =
                        client_property(client, call->path, TRING_SESSION, "Participants");

                if (text && strstr(text, part))
                        return;
                if (rig_remaining_ms(deadline) == 0)
                        rig_fail("'%s' is not in '%s'", part, text ? text : "");
                rig_run_once(client->rig, deadline, part);
        }
}

pid_t person_worker(const Person *person, const Call *call)
{
        _cleanup_(run_result_done) RunResult result = {};
        char parent[32];

        snprintf(parent, sizeof(parent), "%d", person->desktop->tringd->pid);
        process_run(person->desktop->rig, &person->desktop->environment,
                    ARGV("pgrep", "--parent", parent, "--full", call->id), NULL, &result);
        if (result.status != 0)
                rig_fail("%s has no media worker", person->desktop->name);
        return atoi(result.out);
}

void person_expect_tone(Person *person, double frequency, bool heard)
{
        RigHeard last;

        if (rig_listen_until(person->graph, TALK_SPEAKER, frequency,
                             heard ? RIG_HEARD_DB : QUIET_DB, heard, rig_patience_ms(), &last) < 0)
                rig_fail("%g Hz %s at %s's speaker: %.1f dB", frequency,
                         heard ? "is not heard" : "is still heard", person->desktop->name,
                         last.tone_db);
}

void person_expect_sound(Person *person, bool wanted)
{
        usec_t deadline = rig_deadline();
        RigHeard last;

        do {
                if (rig_remaining_ms(deadline) == 0)
                        rig_fail("%s at %s's speaker: %.1f dB", wanted ? "no sound" : "still sound",
                                 person->desktop->name, last.level_db);
                rig_check(rig_listen(person->graph, TALK_SPEAKER, TALK_ALICE_HZ, STRETCH_MS, &last),
                          "listening");
        } while (wanted ? last.level_db < LOUD_DB : last.level_db > QUIET_DB);
}
