/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/options.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "tringd/errors.h"

static int read_bool(sd_bus_message *message, bool *target)
{
        int value;
        int r = sd_bus_message_read(message, "b", &value);

        if (r < 0)
                return r;
        *target = value;
        return 0;
}

/* Returns -EMSGSIZE for a t above INT64_MAX. */
static int read_number(sd_bus_message *message, char type, int64_t *target)
{
        union {
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
        } value;
        int r = sd_bus_message_read_basic(message, type, &value);

        if (r < 0)
                return r;
        if (type == 't' && value.t > INT64_MAX)
                return -EMSGSIZE;
        *target = type == 'i'   ? value.i
                  : type == 'u' ? value.u
                  : type == 'x' ? value.x
                                : (int64_t)value.t;
        return 0;
}

static int read_string(sd_bus_message *message, char type, const Option *option)
{
        const char *value;
        int r = sd_bus_message_read_basic(message, type, &value);

        if (r < 0)
                return r;
        if (strlen(value) >= option->size)
                return -EMSGSIZE;
        if (!text_is_valid(value, option->size))
                return -EILSEQ;
        return str_copy(option->target, option->size, value);
}

static const struct {
        const char *types; /* a dictionary, or one letter for each accepted type */
        const char *wrong;
} kinds[] = {
        [OPTION_BOOL] = {"b", "is not a boolean (b)"},
        [OPTION_NUMBER] = {"iuxt", "is not a number (i, u, x or t)"},
        [OPTION_TEXT] = {"s", "is not a string (s)"},
        [OPTION_PATH] = {"o", "is not an object path (o)"},
        [OPTION_DICT] = {"a{sv}", "is not a dictionary (a{sv})"},
};

static bool takes(OptionKind kind, const char *type)
{
        return kind == OPTION_DICT ? str_eq(type, kinds[kind].types)
                                   : strlen(type) == 1 && strchr(kinds[kind].types, *type);
}

static int read_value(sd_bus_message *message, const char *what, const Option *option,
                      sd_bus_error *error)
{
        const char *type;
        int r = sd_bus_message_peek_type(message, NULL, &type);

        if (r < 0)
                return r;
        if (!takes(option->kind, type))
                return error_invalid(error, what, option->key, kinds[option->kind].wrong);

        r = sd_bus_message_enter_container(message, 'v', type);
        if (r < 0)
                return r;
        switch (option->kind) {
        case OPTION_BOOL:
                r = read_bool(message, option->target);
                break;
        case OPTION_NUMBER:
                r = read_number(message, type[0], option->target);
                break;
        case OPTION_TEXT:
        case OPTION_PATH:
                r = read_string(message, type[0], option);
                break;
        case OPTION_DICT:
                r = option->read(message, option->target, error);
                break;
        }
        if (r == -EMSGSIZE && !sd_bus_error_is_set(error))
                return error_invalid(error, what, option->key, "is too large");
        if (r == -EILSEQ && !sd_bus_error_is_set(error))
                return error_invalid(error, what, option->key, "has control characters in it");
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(message);
}

static int read_entry(sd_bus_message *message, const char *what, Option *options, size_t n,
                      sd_bus_error *error)
{
        const char *key;
        int r = sd_bus_message_read(message, "s", &key);

        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                if (!str_eq(options[i].key, key))
                        continue;
                if (options[i].given)
                        return error_invalid(error, what, key, "is given twice");
                options[i].given = true;
                return read_value(message, what, &options[i], error);
        }
        return error_invalid(error, what, key, "is unknown");
}

int options_read(sd_bus_message *message, const char *what, Option *options, size_t n,
                 sd_bus_error *error)
{
        int r = sd_bus_message_enter_container(message, 'a', "{sv}");

        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = read_entry(message, what, options, n, error);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(message);
}
