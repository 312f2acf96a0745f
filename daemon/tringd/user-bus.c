/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The users that the user has blocked, who may ring, and the user's groups. */
#include <errno.h>

#include "tringd/bus-objects.h"
#include "tringd/details.h"
#include "tringd/errors.h"

int append_blocked(sd_bus_message *reply, const Phone *phone)
{
        const char *uid;
        int r = sd_bus_message_open_container(reply, 'a', "s");

        for (size_t i = 0; r >= 0 && (uid = phone_blocked_at(phone, i)); i++)
                r = sd_bus_message_append(reply, "s", uid);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

int append_groups(sd_bus_message *reply, const Phone *phone)
{
        const GroupName *group;
        int r = sd_bus_message_open_container(reply, 'a', "a{sv}");

        for (size_t i = 0; r >= 0 && (group = phone_group_at(phone, i)); i++)
                r = sd_bus_message_append(reply, "a{sv}", 2, "guid", "s", group->guid, "name", "s",
                                          group->name);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int block(sd_bus_message *message, Daemon *daemon, bool on, sd_bus_error *error)
{
        PhoneCommand command = {.type = PHONE_COMMAND_BLOCK, .block.on = on};
        const char *uid;
        int r = sd_bus_message_read(message, "s", &uid);

        if (r < 0)
                return r;
        if (!uid_is_valid(uid))
                return error_invalid(error, "uid", uid, UID_RULE);
        (void)STR_SET(command.block.uid, uid);
        return daemon_command(daemon, message, &command, METHOD_REPLY_EMPTY);
}

int method_block_user(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return block(message, userdata, true, error);
}

int method_unblock_user(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        return block(message, userdata, false, error);
}

int method_set_who_may_ring(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
        PhoneCommand command = {.type = PHONE_COMMAND_WHO_MAY_RING};
        const char *word;
        int r = sd_bus_message_read(message, "s", &word);

        if (r < 0)
                return r;
        if (who_may_ring_from_string(word, &command.who_may_ring) < 0)
                return error_invalid(error, "who", word,
                                     "is neither 'everybody', 'called' nor 'nobody'");
        return daemon_command(userdata, message, &command, METHOD_REPLY_EMPTY);
}
