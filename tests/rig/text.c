/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig/text.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "rig/rig.h"

static void write_value(FILE *out, sd_bus_message *message);

static void write_basic(FILE *out, sd_bus_message *message, char type)
{
        union {
                const char *s;
                uint8_t y;
                int b;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
                double d;
        } value;

        rig_check(sd_bus_message_read_basic(message, type, &value), "a D-Bus value");
        switch (type) {
        case 's':
        case 'o':
        case 'g':
                fputs(value.s, out);
                break;
        case 'y':
                fprintf(out, "%u", value.y);
                break;
        case 'b':
                fputs(value.b ? "true" : "false", out);
                break;
        case 'n':
                fprintf(out, "%d", value.n);
                break;
        case 'q':
                fprintf(out, "%u", value.q);
                break;
        case 'i':
                fprintf(out, "%" PRIi32, value.i);
                break;
        case 'u':
                fprintf(out, "%" PRIu32, value.u);
                break;
        case 'x':
                fprintf(out, "%" PRIi64, value.x);
                break;
        case 't':
                fprintf(out, "%" PRIu64, value.t);
                break;
        case 'd':
                fprintf(out, "%g", value.d);
                break;
        default:
                rig_fail("no text for the D-Bus type '%c'", type);
        }
}

/* The elements of the container that the message is in. */
static void write_elements(FILE *out, sd_bus_message *message, const char *separator)
{
        for (bool first = true; !sd_bus_message_at_end(message, 0); first = false) {
                if (!first)
                        fputs(separator, out);
                write_value(out, message);
        }
}

static void write_value(FILE *out, sd_bus_message *message)
{
        const char *contents;
        char type;

        rig_check(sd_bus_message_peek_type(message, &type, &contents), "a D-Bus value");
        if (!contents) {
                write_basic(out, message, type);
                return;
        }
        rig_check(sd_bus_message_enter_container(message, type, contents), "a D-Bus container");
        if (type == 'a')
                fputs(contents[0] == '{' ? "{" : "[", out);
        write_elements(out, message, type == 'e' ? ": " : ", ");
        if (type == 'a')
                fputs(contents[0] == '{' ? "}" : "]", out);
        rig_check(sd_bus_message_exit_container(message), "a D-Bus container");
}

char *text_of_value(sd_bus_message *message)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                rig_fail("out of memory");
        write_value(out, message);
        fclose(out);
        return text;
}

static void seek_argument(sd_bus_message *message, unsigned argument)
{
        rig_check(sd_bus_message_rewind(message, true), "a D-Bus message");
        for (unsigned i = 0; i < argument; i++)
                rig_check(sd_bus_message_skip(message, NULL), "a D-Bus message");
}

char *text_of_argument(sd_bus_message *message, unsigned argument)
{
        seek_argument(message, argument);
        return text_of_value(message);
}

char *text_of_key(sd_bus_message *message, unsigned argument, const char *key)
{
        char *text = NULL;

        seek_argument(message, argument);
        rig_check(sd_bus_message_enter_container(message, 'a', "{sv}"), "a dictionary");
        while (!text && sd_bus_message_enter_container(message, 'e', "sv") > 0) {
                const char *name;

                rig_check(sd_bus_message_read_basic(message, 's', &name), "a key");
                if (str_eq(name, key))
                        text = text_of_value(message);
                else
                        rig_check(sd_bus_message_skip(message, "v"), "a value");
                rig_check(sd_bus_message_exit_container(message), "an entry");
        }
        return text;
}
