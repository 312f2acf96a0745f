/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A user with eleven devices answers on one: the time until the ten others have been told on their
 * buses to stop ringing. Signalling alone, without media workers.
 */
#include <poll.h>

#include "base/str.h"
#include "bench/figure.h"
#include "bench/meter.h"
#include "rig/desktop.h"

#define DEVICES 11
#define ROUNDS 200
#define WARM_UP 10

/* A connection to one desktop's bus, as simple as possible; the caller's is the last. */
typedef struct Ear {
        sd_bus *bus;
        unsigned rung, cancelled, ended, replied;
        double at_us; /* time of the cancellation */
        char session_id[64];
} Ear;

#define EARS (DEVICES + 1)

static int on_rung(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const char *path, *id;
        Ear *ear = userdata;

        ear->rung++;
        rig_check(sd_bus_message_read(message, "os", &path, &id), "IncomingCallReceived");
        return STR_SET(ear->session_id, id);
}

static int on_cancelled(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        Ear *ear = userdata;

        ear->at_us = figure_now_us();
        ear->cancelled++;
        return 0;
}

static int on_ended(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        ((Ear *)userdata)->ended++;
        return 0;
}

static int on_reply(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        const sd_bus_error *failure = sd_bus_message_get_error(message);

        if (failure)
                rig_fail("%s: %s", failure->name, failure->message);
        ((Ear *)userdata)->replied++;
        return 0;
}

static void ear_open(Ear *ear, Desktop *desktop)
{
        const char *address = environment_get(&desktop->environment, "DBUS_SESSION_BUS_ADDRESS");
        const struct {
                const char *member;
                sd_bus_message_handler_t handler;
        } matches[] = {{"IncomingCallReceived", on_rung},
                       {"IncomingCallCancelled", on_cancelled},
                       {"CallEndedMessageReceived", on_ended}};

        /* The rig's client receives all signals, and would not read them during the measurement. */
        desktop->client = client_free(desktop->client);
        rig_check(sd_bus_new(&ear->bus), "sd_bus_new");
        rig_check(sd_bus_set_address(ear->bus, address), address);
        rig_check(sd_bus_set_bus_client(ear->bus, true), "sd_bus_set_bus_client");
        rig_check(sd_bus_start(ear->bus), address);
        for (size_t i = 0; i < ELEMENTSOF(matches); i++)
                rig_check(sd_bus_match_signal(ear->bus, NULL, NULL, NULL, TRING_MANAGER,
                                              matches[i].member, matches[i].handler, ear),
                          "a match");
}

static double call_manager(Ear *ear, const char *member, const char *types, ...)
{
        sd_bus_message *call;
        va_list arguments;

        rig_check(sd_bus_message_new_method_call(ear->bus, &call, TRING_NAME, TRING_ROOT,
                                                 TRING_MANAGER, member),
                  member);
        va_start(arguments, types);
        rig_check(sd_bus_message_appendv(call, types, arguments), member);
        va_end(arguments);
        double begun = figure_now_us();
        rig_check(sd_bus_call_async(ear->bus, NULL, call, on_reply, ear, 0), member);
        rig_check(sd_bus_flush(ear->bus), member);
        sd_bus_message_unref(call);
        return begun;
}

/* Whether each ear has received the signal of this round. */
static bool all_rung(const Ear *ears, unsigned round)
{
        for (size_t i = 0; i < DEVICES; i++)
                if (ears[i].rung < round)
                        return false;
        return ears[DEVICES].replied >= 3 * round - 2;
}

static bool all_cancelled(const Ear *ears, unsigned round)
{
        for (size_t i = 1; i < DEVICES; i++)
                if (ears[i].cancelled < round)
                        return false;
        return ears[0].replied >= 2 * round - 1;
}

static bool all_ended(const Ear *ears, unsigned round)
{
        return ears[0].ended >= round && ears[DEVICES].ended >= round &&
               ears[0].replied >= 2 * round && ears[DEVICES].replied >= 3 * round;
}

static void serve_until(Ear *ears, bool (*done)(const Ear *, unsigned), unsigned round,
                        const char *what)
{
        usec_t deadline = rig_deadline();

        while (!done(ears, round)) {
                struct pollfd fds[EARS];
                int busy = 0;

                for (size_t i = 0; i < EARS; i++) {
                        busy |= rig_check(sd_bus_process(ears[i].bus, NULL), "a bus");
                        fds[i] = (struct pollfd){sd_bus_get_fd(ears[i].bus),
                                                 (short)sd_bus_get_events(ears[i].bus), 0};
                }
                if (!busy && !done(ears, round) && poll(fds, EARS, rig_remaining_ms(deadline)) == 0)
                        rig_fail("waited too long for %s", what);
        }
}

/* Makes one call; returns the µs from AcceptCall to the last of the ten. */
static double answer_once(Ear *ears, unsigned round)
{
        Ear *caller = &ears[DEVICES];
        double last = 0;

        call_manager(caller, "InitiateCall", "sssa{sv}", "bob", "user", "audio", 1, "join", "b",
                     false);
        serve_until(ears, all_rung, round, "the ring on all devices");
        double begun = call_manager(&ears[0], "AcceptCall", "sa{sv}", ears[0].session_id, 1, "join",
                                    "b", false);
        serve_until(ears, all_cancelled, round, "the end of the ring on all others");
        for (size_t i = 1; i < DEVICES; i++)
                last = MAX_OF(last, ears[i].at_us);
        call_manager(caller, "EndCall", "s", ears[0].session_id);
        call_manager(caller, "ClearActiveCall", "");
        call_manager(&ears[0], "ClearActiveCall", "");
        serve_until(ears, all_ended, round, "the end of the call");
        return last - begun;
}

int main(void)
{
        _cleanup_(samples_done) Samples samples = {0};
        Desktop *desktops[EARS];
        Ear ears[EARS] = {0};
        char name[32];

        figure_machine();
        meter_come_first();
        setenv("TRING_MEDIA", "/nonexistent/tring-media", true);
        _cleanup_(rig_freep) Rig *rig = rig_new();
        _cleanup_(hub_freep) Hub *hub =
                hub_new_configured(rig, "[limits]\ncalls-per-minute = 0\nstored-mb-per-day = 0\n");
        desktops[0] = desktop_new_online(rig, hub, "bob");
        for (size_t i = 1; i < DEVICES; i++) {
                snprintf(name, sizeof(name), "bob-%zu", i);
                desktops[i] = desktop_new_device(rig, hub, name, "bob");
        }
        desktops[DEVICES] = desktop_new_online(rig, hub, "alice");
        for (size_t i = 0; i < EARS; i++)
                ear_open(&ears[i], desktops[i]);
        for (unsigned round = 1; round <= WARM_UP + ROUNDS; round++) {
                double took = answer_once(ears, round);

                if (round > WARM_UP)
                        samples_add(&samples, took / 1000);
        }
        snprintf(name, sizeof(name), "(n = %zu)", samples.count);
        printf("AcceptCall on one device to IncomingCallCancelled on all ten others %s\n", name);
        figure_report("stop ringing elsewhere: p50", samples_percentile(&samples, 0.5), "ms");
        figure_print("stop ringing elsewhere: p99", samples_percentile(&samples, 0.99), "ms", 5);
        for (size_t i = 0; i < EARS; i++) {
                sd_bus_flush_close_unref(ears[i].bus);
                desktop_free(desktops[i]);
        }
        return 0;
}
