/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "base/secret-file.h"
#include "base/str.h"
#include "status.h"

#define TOKEN_LENGTH_MAX 128 /* bytes; the daemon's limit as well */

static int send_login(sd_bus *bus, const char *url, const char *token, const char *device_name)
{
        _cleanup_message_ sd_bus_message *message = NULL;
        int r = bus_method(bus, TRING_PATH, TRING_MANAGER, METHOD_LOGIN, &message);

        if (r >= 0)
                r = sd_bus_message_sensitive(message);
        if (r >= 0)
                r = sd_bus_message_append(message, "ss", url, token);
        if (r >= 0)
                r = device_name ? sd_bus_message_append(message, "a{sv}", 1, "device_name", "s",
                                                        device_name)
                                : sd_bus_message_append(message, "a{sv}", 0);
        if (r == -EINVAL)
                return fail(EXIT_USAGE, "the hub's address or the device name is not valid text");
        if (r < 0)
                return fail_errno(r, "prepare the request");
        return bus_send(bus, message, NULL);
}

int verb_login(sd_bus *bus, const Arguments *arguments)
{
        _cleanup_(secret_freep) char *token = NULL;
        char text[SECRET_TEXT_MAX];

        if (!arguments->token_file)
                return fail(EXIT_USAGE,
                            "login needs --token-file FILE, or --token-file - for standard input");
        if (secret_file_read(arguments->token_file, TOKEN_LENGTH_MAX, &token, text) < 0)
                return fail(EXIT_FAILED, "%s", text);
        int code = send_login(bus, arguments_word(arguments, 0), token, arguments->device_name);

        return code == EXIT_DONE ? status_print(bus, arguments) : code;
}

int verb_logout(sd_bus *bus, const Arguments *arguments)
{
        int code = bus_call(bus, TRING_PATH, TRING_MANAGER, METHOD_LOGOUT, NULL, NULL);

        return code == EXIT_DONE ? status_print(bus, arguments) : code;
}
