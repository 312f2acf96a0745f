/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Text for people, made from the JSON trees of bus.h, so that it agrees with --json.
 */

#include "bus.h"

#define PRINT_PERSON_MAX 256
#define PRINT_SENTENCE_MAX 512
#define PRINT_TIME_MAX 32
#define SHORT_ID_LENGTH 8 /* of a session id: enough to tell one person's calls apart */

/* Prints one line of JSON. Changes the value, which may only be freed afterwards. */
int print_json(cJSON *value);

/* "Alice (alice)" for a user or group, and for the other party of a call. Safe to print. */
const char *print_person(char ret[static PRINT_PERSON_MAX], const cJSON *person);
const char *print_peer(char ret[static PRINT_PERSON_MAX], const cJSON *call);

/* "1:05", "1:00:05" */
const char *print_duration(char ret[static PRINT_TIME_MAX], unsigned seconds);
/* A date in µs since 1970 as local time: "2026-11-20 10:15"; its time of day: "10:15:02". */
const char *print_date(char ret[static PRINT_TIME_MAX], double realtime_us);
const char *print_time(char ret[static PRINT_TIME_MAX], double realtime_us);

/* The state of a call as a sentence without a full stop: "Bob (bob) did not answer". */
const char *print_outcome(char ret[static PRINT_SENTENCE_MAX], const cJSON *call);

/* Prints one line of a list of calls: short id, direction, peer, type, state. */
void print_call(FILE *file, const cJSON *call);
