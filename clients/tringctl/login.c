/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>

#include "base/secret-file.h"
#include "base/str.h"
#include "status.h"

#define TOKEN_LENGTH_MAX 128 /* bytes; the daemon's limit as well */

typedef struct LoginRequest {
        const char *url, *token, *device_name; /* the name may be NULL */
} LoginRequest;

/* Returns a descriptor to read the token from, or negative errno. */
static int token_descriptor(const char *token)
{
        size_t length = strlen(token);
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        _cleanup_close_ int read_end = ends[0], write_end = ends[1];
        if (write(write_end, token, length) != (ssize_t)length)
                return -EIO;
        return TAKE_FD(read_end);
}

static int append_login(sd_bus_message *message, const LoginRequest *login, bool by_descriptor)
{
        _cleanup_close_ int fd = by_descriptor ? token_descriptor(login->token) : -1;
        int r = sd_bus_message_append(message, "s", login->url);

        if (r < 0)
                return r;
        if (by_descriptor)
                r = fd < 0 ? fd : sd_bus_message_append(message, "h", fd);
        else
                r = sd_bus_message_append(message, "s", login->token);
        if (r < 0)
                return r;
        return login->device_name ? sd_bus_message_append(message, "a{sv}", 1, "device_name", "s",
                                                          login->device_name)
                                  : sd_bus_message_append(message, "a{sv}", 0);
}

/* *ret_unknown: tringd is older than the method, and nothing was printed. */
static int send_login(sd_bus *bus, const LoginRequest *login, bool by_descriptor, bool *ret_unknown)
{
        _cleanup_message_ sd_bus_message *message = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = bus_method(bus, TRING_PATH, TRING_MANAGER,
                           by_descriptor ? METHOD_LOGIN_BY_DESCRIPTOR : METHOD_LOGIN, &message);

        if (r >= 0)
                r = sd_bus_message_sensitive(message);
        if (r >= 0)
                r = append_login(message, login, by_descriptor);
        if (r == -EINVAL)
                return fail(EXIT_USAGE, "the hub's address or the device name is not valid text");
        if (r < 0)
                return fail_errno(r, "prepare the request");
        r = sd_bus_call(bus, message, 0, &error, NULL);
        if (r >= 0)
                return EXIT_DONE;
        *ret_unknown = by_descriptor && sd_bus_error_has_name(&error, SD_BUS_ERROR_UNKNOWN_METHOD);
        if (*ret_unknown)
                return EXIT_FAILED;
        return sd_bus_error_is_set(&error) ? bus_fail(&error) : fail_errno(r, "call tringd");
}

/* Monitors of the bus hear what is in a message, but not what is in a descriptor. */
static int log_in(sd_bus *bus, const LoginRequest *login)
{
        bool is_older = false;
        int code = send_login(bus, login, true, &is_older);

        return is_older ? send_login(bus, login, false, &is_older) : code;
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
        const LoginRequest login = {arguments_word(arguments, 0), token, arguments->device_name};
        int code = log_in(bus, &login);

        return code == EXIT_DONE ? status_print(bus, arguments) : code;
}

int verb_logout(sd_bus *bus, const Arguments *arguments)
{
        int code = bus_call(bus, TRING_PATH, TRING_MANAGER, METHOD_LOGOUT, NULL, NULL);

        return code == EXIT_DONE ? status_print(bus, arguments) : code;
}
