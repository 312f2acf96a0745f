/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A real hub with users: the set-up of the tests of the hub alone. */

#include <arpa/inet.h>
#include <sys/socket.h>

#include "base/str.h"
#include "rig/hub.h"
#include "rig/talker.h"
#include "suite.h"

typedef struct HubRig {
        Rig *rig;
        Hub *hub;
        char *alice, *bob; /* their tokens */
} HubRig;

static inline uint16_t hub_port(const Hub *hub)
{
        return (uint16_t)atoi(strrchr(hub->listen, ':') + 1);
}

/* `settings` is the text of a tring-hub.conf, or NULL. */
static inline HubRig *hub_rig_new(const char *settings)
{
        HubRig *h = rig_alloc(sizeof(*h));

        h->rig = rig_new();
        h->hub = settings ? hub_new_configured(h->rig, settings) : hub_new(h->rig);
        hub_add_user(h->hub, "alice", "Alice");
        hub_add_user(h->hub, "bob", "Bob");
        h->alice = hub_mint(h->hub, "alice");
        h->bob = hub_mint(h->hub, "bob");
        return h;
}

/* The hub's whole response to an HTTP request line; the caller frees. */
static inline char *hub_rig_ask(const HubRig *h, const char *request)
{
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons(hub_port(h->hub)),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        char *answer = rig_alloc(65536);
        size_t length = 0;
        ssize_t n;
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        dprintf(fd, "%s\r\nHost: localhost\r\nConnection: close\r\n\r\n", request);
        while ((n = recv(fd, answer + length, 65535 - length, 0)) > 0)
                length += (size_t)n;
        answer[length] = '\0';
        return answer;
}

static inline HubRig *hub_rig_free(HubRig *h)
{
        hub_stop(h->hub);
        hub_free(h->hub);
        rig_free(h->rig);
        free(h->alice);
        free(h->bob);
        free(h);
        return NULL;
}

static inline Talker *hub_rig_alice(HubRig *h)
{
        return talker_new(hub_port(h->hub), h->alice, "alice-1");
}

static inline Talker *hub_rig_bob(HubRig *h)
{
        return talker_new(hub_port(h->hub), h->bob, "bob-1");
}

/* Makes an answered call from alice to bob. */
static inline void hub_rig_call(Talker *alice, Talker *bob, char session_id[TALKER_UUID_SIZE])
{
        talker_uuid(session_id);
        talker_ok(talker_initiate(alice, session_id, "bob"));
        cJSON_Delete(talker_event(bob, "incoming"));
        talker_ok(
                talker_request(bob, "accept", "\"session_id\":\"%s\",\"join\":false", session_id));
        cJSON_Delete(talker_event(alice, "accepted"));
}

static inline void hub_rig_end(Talker *talker, const char *session_id)
{
        talker_ok(talker_request(talker, "end", "\"session_id\":\"%s\"", session_id));
}

/* Makes a call that sends bob three events: it rings, it is over, it is in the history. */
static inline void call_and_cancel(Talker *alice)
{
        char id[TALKER_UUID_SIZE];

        talker_uuid(id);
        talker_ok(talker_initiate(alice, id, "bob"));
        talker_ok(talker_request(alice, "cancel", "\"session_id\":\"%s\"", id));
}

/* A fixture; each test file has its own `h`. */
static HubRig *h;

/* Runs tring-hub on the rig's state folder; fails unless it exits with `status`. */
static inline char *hub_rig_run(int status, const char *const *words)
{
        const char *argv[1100] = {rig_program("HUB"), "--state", h->hub->state};
        RunResult result;

        for (size_t i = 0; words[i]; i++)
                argv[3 + i] = words[i];
        process_run(h->rig, &h->hub->environment, argv, NULL, &result);
        if (result.status != status)
                rig_fail("%s %s: %d %s%s", words[0], words[1] ?: "", result.status, result.out,
                         result.err);
        char *said = status == 0 ? result.out : result.err;
        free(status == 0 ? result.err : result.out);
        return said;
}

#define RUN(status, ...) hub_rig_run(status, ARGV(__VA_ARGS__))

static inline void expect(char *said, const char *text)
{
        if (!strstr(said, text))
                rig_fail("expected \"%s\" in: %s", text, said);
        free(said);
}

static inline void hub_rig_setup(void)
{
        h = hub_rig_new(NULL);
}

static inline void hub_rig_teardown(void)
{
        h = hub_rig_free(h);
}
