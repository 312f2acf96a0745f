/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/errors.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"
#include "dbus/interfaces.h"

#define VALUE_SHOWN 64 /* bytes of a wrong value: enough to recognise it */

const char *error_name(char buffer[static ERROR_NAME_SIZE], CallError name)
{
        snprintf(buffer, ERROR_NAME_SIZE, TRING_ERROR "%s", call_error_to_string(name));
        return buffer;
}

int error_set(sd_bus_error *error, CallError name, const char *format, ...)
{
        char buffer[ERROR_NAME_SIZE];
        va_list arguments;

        va_start(arguments, format);
        int r = sd_bus_error_setfv(error, error_name(buffer, name), format, arguments);
        va_end(arguments);
        return r;
}

int error_invalid(sd_bus_error *error, const char *what, const char *value, const char *why)
{
        char shown[VALUE_SHOWN];

        return error_set(error, CALL_ERROR_INVALID_ARGUMENT, "%s '%s' %s", what,
                         str_printable(shown, sizeof(shown), value), why);
}

int error_reply(sd_bus_message *message, CallError name, const char *text)
{
        char buffer[ERROR_NAME_SIZE];

        return sd_bus_reply_method_errorf(message, error_name(buffer, name), "%s", text);
}
