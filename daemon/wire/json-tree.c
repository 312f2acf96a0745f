/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/json-tree.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "base/str.h"

#define NAME_SHOWN 48 /* bytes of a name quoted in a sentence */

/* The bit of a name in a set of 64: names with different bits differ, and need not be compared. */
static uint64_t name_bit(const char *name)
{
        unsigned hash = 0;

        for (const char *c = name; *c; c++)
                hash = hash * 31 + (unsigned char)*c;
        return UINT64_C(1) << (hash % 64);
}

/* Comparing in pairs is cheap: json_check() has limited the members of an object. */
static const char *object_duplicate(const cJSON *object)
{
        uint64_t seen = 0;
        const cJSON *member;

        cJSON_ArrayForEach (member, object) {
                uint64_t bit = name_bit(member->string);

                for (const cJSON *earlier = object->child; seen & bit && earlier != member;
                     earlier = earlier->next)
                        if (str_eq(earlier->string, member->string))
                                return member->string;
                seen |= bit;
        }
        return NULL;
}

static const char *json_duplicate(const cJSON *item)
{
        const char *duplicate = cJSON_IsObject(item) ? object_duplicate(item) : NULL;
        const cJSON *child;

        cJSON_ArrayForEach (child, item) {
                if (duplicate)
                        return duplicate;
                if (child->child)
                        duplicate = json_duplicate(child);
        }
        return duplicate;
}

static int parse(const char *json, size_t length, cJSON **ret, char text[static JSON_TEXT_MAX + 1])
{
        _cleanup_(cJSON_Deletep) cJSON *root = cJSON_ParseWithLength(json, length);
        char printable[NAME_SHOWN];

        /* json_check() has accepted the text, so parsing fails only for lack of memory. */
        if (!root)
                return -ENOMEM;

        const char *duplicate = json_duplicate(root);
        if (duplicate) {
                (void)snprintf(text, JSON_TEXT_MAX + 1,
                               "the member \"%s\" stands twice in one object",
                               str_printable(printable, sizeof(printable), duplicate));
                return -EBADMSG;
        }
        *ret = TAKE_PTR(root);
        return 0;
}

int json_parse(const char *json, size_t length, const JsonLimits *limits, cJSON **ret,
               char text[static JSON_TEXT_MAX + 1])
{
        int r = json_check(json, length, limits, text);

        return r < 0 ? r : parse(json, length, ret, text);
}

const cJSON *json_member(const cJSON *object, const char *name)
{
        const cJSON *member;

        if (!cJSON_IsObject(object))
                return NULL;
        cJSON_ArrayForEach (member, object)
                if (str_eq(member->string, name))
                        return member;
        return NULL;
}

bool json_integer(const cJSON *item, int64_t min, int64_t *ret)
{
        if (!cJSON_IsNumber(item) || item->valuedouble < (double)min ||
            item->valuedouble > (double)JSON_INTEGER_MAX ||
            item->valuedouble != trunc(item->valuedouble))
                return false;
        *ret = (int64_t)item->valuedouble;
        return true;
}
