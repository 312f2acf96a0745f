/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cost of the JSON of a full call for the hub: it reads the messages of both devices, and
 * writes the ones for them. All members of the samples are filled, so real messages are shorter.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/cleanup.h"
#include "bench/figure.h"
#include "unit/wire-samples.h"
#include "wire/wire.h"

#define ROUNDS 20000

/* 15,000 calls/s leave 66 µs for the whole hub; a third of that is the wire's share. */
#define CALL_TARGET_US 22.0

typedef struct Step {
        MessageType type;
        ReplyKind kind; /* of a reply */
} Step;

static const Step steps[] = {
        {MESSAGE_INITIATE},
        {MESSAGE_INCOMING},
        {MESSAGE_REPLY, REPLY_CALL},
        {MESSAGE_DELIVERED},
        {MESSAGE_REPLY},
        {MESSAGE_ALERTING},
        {MESSAGE_REPLY},
        {MESSAGE_RINGING},
        {MESSAGE_ACCEPT},
        {MESSAGE_REPLY, REPLY_CALL},
        {MESSAGE_ACCEPTED},
        {MESSAGE_JOIN},
        {MESSAGE_REPLY, REPLY_JOIN},
        {MESSAGE_JOIN},
        {MESSAGE_JOINED},
        {MESSAGE_REPLY, REPLY_JOIN},
        {MESSAGE_END},
        {MESSAGE_REPLY},
        {MESSAGE_OVER},
        {MESSAGE_OVER},
        {MESSAGE_LOGGED},
        {MESSAGE_LOGGED},
};

static void must(int r, const char *what)
{
        if (r == 0)
                return;
        fprintf(stderr, "cannot %s: %d\n", what, r);
        exit(EXIT_FAILURE);
}

/* Processor time, not wall time: it does not wait for anything. */
static double cpu_now_us(void)
{
        struct timespec now;

        must(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), "read the clock");
        return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double time_writing(const Message *message)
{
        double from = cpu_now_us();

        for (unsigned i = 0; i < ROUNDS; i++) {
                char *text;
                size_t length;

                must(wire_encode(message, 0, &text, &length), "write a message");
                free(text);
        }
        return (cpu_now_us() - from) / ROUNDS;
}

static double time_reading(const char *text, size_t length)
{
        double from = cpu_now_us();

        for (unsigned i = 0; i < ROUNDS; i++) {
                char sentence[MESSAGE_TEXT_MAX + 1];
                Message message;
                uint64_t id;

                must(wire_decode(WIRE_FROM_DEVICE, text, length, &message, &id, sentence),
                     "read a message");
                message_done(&message);
        }
        return (cpu_now_us() - from) / ROUNDS;
}

int main(void)
{
        double reading = 0, writing = 0;

        figure_machine();
        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                _cleanup_free_ char *text = NULL;
                Message message;
                size_t length;

                sample_message(steps[i].type, steps[i].kind, &message);
                must(wire_encode(&message, 0, &text, &length), "write a message");
                if (message_type_is_request(steps[i].type))
                        reading += time_reading(text, length);
                else
                        writing += time_writing(&message);
                message_done(&message);
        }
        figure_report("wire, what a call makes the hub read", reading, "µs");
        figure_report("wire, what a call makes the hub write", writing, "µs");
        figure_print("wire, a call in all", reading + writing, "µs", CALL_TARGET_US);
        return EXIT_SUCCESS;
}
