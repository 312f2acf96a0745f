/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Turns checked JSON text into a tree of cJSON. */

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "wire/json-check.h"

#define JSON_INTEGER_MAX INT64_C(9007199254740991) /* 2^53 - 1, RFC 8259 section 6 */

DEFINE_CLEANUP(cJSON *, cJSON_Delete);

/*
 * Checks text by json_check(), parses it, and refuses an object with two members of the same name.
 * Returns 0, -ENOMEM, or an error of json_check() with a sentence. The caller deletes *ret.
 */
int json_parse(const char *json, size_t length, const JsonLimits *limits, cJSON **ret,
               char text[static JSON_TEXT_MAX + 1]);

/* The member of this name; NULL if `object` is not an object or has no such member. */
const cJSON *json_member(const cJSON *object, const char *name);

/* Whether the item is a whole number from `min` to JSON_INTEGER_MAX; if so, gives it in *ret. */
bool json_integer(const cJSON *item, int64_t min, int64_t *ret);
