/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Groups, blocked users and who may ring, which the hub stores for the user. */
#include <errno.h>

#include "base/str.h"
#include "print.h"

static int fetch_property(sd_bus *bus, const char *property, cJSON **ret)
{
        _cleanup_message_ sd_bus_message *reply = NULL;
        int code =
                bus_call(bus, TRING_PATH, PROPERTIES, "Get", &reply, "ss", TRING_MANAGER, property);

        if (code != EXIT_DONE)
                return code;
        int r = json_from_message(reply, ret);
        return r < 0 ? fail_errno(r, "read the reply") : EXIT_DONE;
}

/* Prints a list of groups or uids, or `none` if it is empty. */
static int print_list(sd_bus *bus, const Arguments *arguments, const char *property,
                      const char *none)
{
        _cleanup_json_ cJSON *list = NULL;
        char text[PRINT_PERSON_MAX];
        const cJSON *item;
        int code = fetch_property(bus, property, &list);

        if (code != EXIT_DONE)
                return code;
        if (arguments->json)
                return print_json(list);
        if (cJSON_GetArraySize(list) == 0)
                puts(none);
        cJSON_ArrayForEach (item, list) {
                const char *uid = cJSON_GetStringValue(item);

                puts(uid ? str_printable(text, sizeof(text), uid) : print_person(text, item));
        }
        return EXIT_DONE;
}

int verb_groups(sd_bus *bus, const Arguments *arguments)
{
        return print_list(bus, arguments, PROPERTY_GROUPS, "not a member of any group");
}

static int print_blocked(sd_bus *bus, const Arguments *arguments)
{
        return print_list(bus, arguments, PROPERTY_BLOCKED, "nobody is blocked");
}

static int change_block(sd_bus *bus, const Arguments *arguments, const char *method,
                        const char *done)
{
        const char *uid = arguments_word(arguments, 0);
        char printable[PRINT_PERSON_MAX];
        int code = bus_call(bus, TRING_PATH, TRING_MANAGER, method, NULL, "s", uid);

        if (code != EXIT_DONE)
                return code;
        if (arguments->json)
                return print_blocked(bus, arguments);
        printf("%s %s\n", str_printable(printable, sizeof(printable), uid), done);
        return EXIT_DONE;
}

int verb_block(sd_bus *bus, const Arguments *arguments)
{
        if (arguments->n_words == 0)
                return print_blocked(bus, arguments);
        return change_block(bus, arguments, METHOD_BLOCK_USER, "is blocked");
}

int verb_unblock(sd_bus *bus, const Arguments *arguments)
{
        return change_block(bus, arguments, METHOD_UNBLOCK_USER, "is no longer blocked");
}

static int print_who_may_ring(sd_bus *bus, const Arguments *arguments)
{
        _cleanup_json_ cJSON *who = NULL;
        char printable[PRINT_PERSON_MAX];
        int code = fetch_property(bus, PROPERTY_WHO_MAY_RING, &who);

        if (code != EXIT_DONE)
                return code;
        if (arguments->json)
                return print_json(who);
        const char *word = cJSON_GetStringValue(who);
        puts(str_empty(word) ? "not known: the hub has not been reached, or does not know it"
                             : str_printable(printable, sizeof(printable), word));
        return EXIT_DONE;
}

int verb_who_may_ring(sd_bus *bus, const Arguments *arguments)
{
        if (arguments->n_words > 0) {
                int code = bus_call(bus, TRING_PATH, TRING_MANAGER, METHOD_SET_WHO_MAY_RING, NULL,
                                    "s", arguments_word(arguments, 0));

                if (code != EXIT_DONE)
                        return code;
        }
        return print_who_may_ring(bus, arguments);
}
