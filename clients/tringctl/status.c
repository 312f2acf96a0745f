/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "status.h"

#include <errno.h>

#include "base/str.h"
#include "call-list.h"
#include "print.h"

static void print_connection(const cJSON *manager)
{
        const cJSON *user = cJSON_GetObjectItemCaseSensitive(manager, "logged_in_user");
        const char *state = json_string(manager, "connection_state");
        const char *error = json_string(manager, "connection_error");
        char person[PRINT_PERSON_MAX], hub[256], sentence[512];

        if (str_eq(state, "logged-out"))
                puts("not logged in");
        else
                printf("%s as %s on %s\n", str_printable(sentence, 32, state),
                       print_person(person, user),
                       str_printable(hub, sizeof(hub), json_string(user, "hub")));
        if (!str_empty(error))
                printf("  %s\n", str_printable(sentence, sizeof(sentence), error));
}

static void print_status(const cJSON *manager, const cJSON *calls)
{
        double missed = json_number(manager, "unseen_missed");
        const cJSON *call;

        print_connection(manager);
        if (json_true(manager, "do_not_disturb"))
                puts("do not disturb is on");
        if (missed > 0)
                printf("%.0f new missed call%s\n", missed, missed > 1 ? "s" : "");
        cJSON_ArrayForEach (call, calls)
                print_call(stdout, call);
}

int status_print(sd_bus *bus, const Arguments *arguments)
{
        _cleanup_json_ cJSON *manager = NULL, *calls = NULL;
        int code = bus_properties(bus, TRING_PATH, TRING_MANAGER, &manager);

        if (code == EXIT_DONE)
                code = call_list_fetch(bus, &calls);
        if (code != EXIT_DONE)
                return code;
        if (!arguments->json) {
                print_status(manager, calls);
                return EXIT_DONE;
        }
        if (!cJSON_AddItemToObject(manager, "calls", calls))
                return fail_errno(-ENOMEM, "write JSON");
        TAKE_PTR(calls);
        return print_json(manager);
}

int verb_status(sd_bus *bus, const Arguments *arguments)
{
        return status_print(bus, arguments);
}

int verb_dnd(sd_bus *bus, const Arguments *arguments)
{
        const char *word = arguments_word(arguments, 0);
        char printable[64];

        if (!str_eq(word, "on") && !str_eq(word, "off"))
                return fail(EXIT_USAGE, "dnd takes 'on' or 'off', not '%s'",
                            str_printable(printable, sizeof(printable), word));
        int code = bus_call(bus, TRING_PATH, PROPERTIES, "Set", NULL, "ssv", TRING_MANAGER,
                            PROPERTY_DO_NOT_DISTURB, "b", str_eq(word, "on"));
        return code == EXIT_DONE ? status_print(bus, arguments) : code;
}

int verb_test_ring(sd_bus *bus, const Arguments *arguments)
{
        int code = bus_call(bus, TRING_PATH, TRING_MANAGER, METHOD_TEST_RING, NULL, NULL);

        if (code != EXIT_DONE)
                return code;
        if (arguments->json)
                return status_print(bus, arguments);
        puts("ringing here for 3 s");
        return EXIT_DONE;
}
