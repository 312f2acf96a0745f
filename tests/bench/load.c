/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench/load.h"

#include <string.h>
#include <sys/epoll.h>

#include "bench/crowd-users.h"
#include "bench/meter.h"
#include "rig/talker.h"

#define SILENCE_US 5e6 /* the hub takes no longer for anything */
#define LATE_US 1000.0
#define EVENTS_MAX 256

typedef struct Pair Pair;

typedef struct Side {
        Pair *pair;
        LoadEnd end;
        char uid[32];
        double asked_at; /* µs: time of initiate, time of accept */
} Side;

struct Pair {
        Load *load;
        Side caller, receiver;
        char session_id[TALKER_UUID_SIZE];
        size_t n_left; /* events until both sides know that the call is over and logged */
        Pair *next;    /* free */
};

struct Load {
        Hub *hub;
        int epoll_fd;
        Pair *pairs;
        size_t n_pairs, n_busy, n_calls, n_late;
        Pair *first_free;
        double interval, next_at; /* µs; interval 0: at once */
        double until, heard_at;
        LoadResult *result;
};

/* The call is over and logged on both sides. */
#define LAST_EVENTS 4

static void side_init(Load *load, Side *side, Pair *pair, const char *kind, size_t number)
{
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = side};

        side->pair = pair;
        snprintf(side->uid, sizeof(side->uid), "load-%s-%zu", kind, number);
        _cleanup_free_ char *token = crowd_add_user(load->hub->state, side->uid);
        load_end_init(&side->end, load->hub, token, "d", NULL);
        rig_check(epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, side->end.fd, &event), "epoll_ctl");
}

Load *load_new(Hub *hub, size_t n_pairs)
{
        Load *load = rig_alloc(sizeof(*load));

        *load = (Load){.hub = hub, .n_pairs = n_pairs};
        load->epoll_fd = rig_check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
        load->pairs = rig_alloc(n_pairs * sizeof(*load->pairs));
        memset(load->pairs, 0, n_pairs * sizeof(*load->pairs));
        for (size_t i = 0; i < n_pairs; i++) {
                Pair *pair = &load->pairs[i];

                pair->load = load;
                side_init(load, &pair->caller, pair, "a", i);
                side_init(load, &pair->receiver, pair, "b", i);
                pair->next = load->first_free;
                load->first_free = pair;
        }
        return load;
}

Load *load_free(Load *load)
{
        for (size_t i = 0; i < load->n_pairs; i++) {
                load_end_done(&load->pairs[i].caller.end);
                load_end_done(&load->pairs[i].receiver.end);
        }
        close(load->epoll_fd);
        free(load->pairs);
        free(load);
        return NULL;
}

static void place(Pair *pair)
{
        char more[256];

        talker_uuid(pair->session_id);
        snprintf(more, sizeof(more),
                 ",\"receiver\":\"%s\",\"receiver_type\":\"user\",\"call_type\":\"audio\","
                 "\"join\":false",
                 pair->receiver.uid);
        pair->n_left = LAST_EVENTS;
        pair->load->n_busy++;
        pair->caller.asked_at = figure_now_us();
        load_end_say(&pair->caller.end, "initiate", pair->session_id, more);
}

static void pair_is_free(Pair *pair)
{
        Load *load = pair->load;

        load->n_busy--;
        load->n_calls++;
        pair->next = load->first_free;
        load->first_free = pair;
}

/* A message arrives; the side takes its next step. */
static void take(const char *text, void *userdata)
{
        Side *side = userdata;
        Pair *pair = side->pair;
        LoadResult *result = pair->load->result;
        double now = figure_now_us();

        if (strstr(text, "\"event\":\"incoming\"")) {
                samples_add(&result->rung, now - pair->caller.asked_at);
                side->asked_at = now;
                load_end_say(&side->end, "accept", pair->session_id, ",\"join\":false");
        } else if (strstr(text, "\"event\":\"accepted\"")) {
                samples_add(&result->confirmed, now - pair->receiver.asked_at);
                load_end_say(&side->end, "end", pair->session_id, "");
        } else if (strstr(text, "\"kind\":\"call\"") && side == &pair->caller) {
                samples_add(&result->placed, now - side->asked_at);
        } else if (strstr(text, "\"event\":\"over\"") || strstr(text, "\"event\":\"logged\"")) {
                if (--pair->n_left == 0)
                        pair_is_free(pair);
        }
}

/* Starts the calls that are due, as far as pairs are free. */
static void place_due(Load *load)
{
        double now = figure_now_us();

        while (load->first_free && load->next_at <= now && now < load->until) {
                Pair *pair = load->first_free;

                load->first_free = pair->next;
                if (load->interval > 0 && now - load->next_at > LATE_US)
                        load->n_late++;
                load->next_at += load->interval;
                place(pair);
        }
}

/*
 * Never sleeps: a hub's devices run elsewhere, and it does not pay for waking them, which on one
 * machine costs as much as the rest of sending.
 */
static void turn(Load *load)
{
        struct epoll_event events[EVENTS_MAX];
        int n = rig_check(epoll_wait(load->epoll_fd, events, EVENTS_MAX, 0), "epoll_wait");
        double now = figure_now_us();

        if (n > 0)
                load->heard_at = now;
        else if (load->n_busy > 0 && now - load->heard_at > SILENCE_US)
                rig_fail("the hub says nothing");
        for (int i = 0; i < n; i++) {
                Side *side = events[i].data.ptr;

                load_end_read(&side->end, take, side);
        }
}

void load_run(Load *load, double rate, usec_t duration, LoadResult *ret)
{
        pid_t pid = load->hub->process->pid;
        double begin = figure_now_us(), cpu = meter_cpu_us(pid);

        *ret = (LoadResult){0};
        load->result = ret;
        load->n_calls = load->n_late = 0;
        load->interval = rate > 0 ? 1e6 / rate : 0;
        load->next_at = load->heard_at = begin;
        load->until = begin + (double)duration;
        while (figure_now_us() < load->until || load->n_busy > 0) {
                place_due(load);
                turn(load);
        }
        ret->rate = (double)load->n_calls * 1e6 / (figure_now_us() - begin);
        ret->cpu_us = (meter_cpu_us(pid) - cpu) / (double)load->n_calls;
        ret->late = (double)load->n_late / (double)load->n_calls;
}

void load_result_done(LoadResult *result)
{
        samples_done(&result->rung);
        samples_done(&result->placed);
        samples_done(&result->confirmed);
}
