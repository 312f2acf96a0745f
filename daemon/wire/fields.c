/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/fields.h"

#include <errno.h>
#include <stdarg.h>

#include "wire/kinds.h"

/* json_check() and field_refuse() write their sentences into the same buffer. */
_Static_assert(JSON_TEXT_MAX == MESSAGE_TEXT_MAX, "two lengths of one sentence");

#define VALUE_SHOWN 48 /* bytes of a refused value that its sentence repeats */

int field_refuse(const FieldReader *reader, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        (void)vsnprintf(reader->text, MESSAGE_TEXT_MAX + 1, format, arguments);
        va_end(arguments);
        return -EBADMSG;
}

static void show_value(const Field *field, const cJSON *value, char *buffer, size_t size)
{
        char printable[VALUE_SHOWN];

        if (field->flags & FIELD_SECRET)
                (void)snprintf(buffer, size, "what was given");
        else if (cJSON_IsString(value))
                (void)snprintf(buffer, size, "\"%s\"",
                               str_printable(printable, sizeof(printable), value->valuestring));
        else if (cJSON_IsNumber(value))
                (void)snprintf(buffer, size, "%.17g", value->valuedouble);
        else if (cJSON_IsArray(value))
                (void)snprintf(buffer, size, "an array of %d", cJSON_GetArraySize(value));
        else
                (void)snprintf(buffer, size, "%s",
                               cJSON_IsObject(value) ? "an object"
                               : cJSON_IsNull(value) ? "null"
                               : cJSON_IsTrue(value) ? "true"
                                                     : "false");
}

static int refuse_value(const FieldReader *reader, const FieldTable *table, const Field *field,
                        const cJSON *value)
{
        char wanted[MESSAGE_TEXT_MAX / 2], given[VALUE_SHOWN + 2];

        field_kinds[field->kind].describe(field, wanted, sizeof(wanted));
        show_value(field, value, given, sizeof(given));
        return field_refuse(reader, "%s: \"%s\" must be %s, not %s", table->name, field->name,
                            wanted, given);
}

/*
 * The members of an object that is being read. They usually come in the table's order, so `next` is
 * a good guess.
 */
typedef struct Members {
        const cJSON *first, *next;
        unsigned taken;
} Members;

static const cJSON *members_take(Members *members, const char *name)
{
        const cJSON *found = members->next;

        if (!found || !str_eq(found->string, name)) {
                found = members->first;
                while (found && !str_eq(found->string, name))
                        found = found->next;
        }
        if (found) {
                members->next = found->next;
                members->taken++;
        }
        return found;
}

static int read_members(const FieldReader *reader, const FieldTable *table, Members *members,
                        void *base)
{
        for (const Field *field = table->fields; field < table->fields + table->n_fields; field++) {
                if (field->kind == FIELD_FLAT) {
                        int r = read_members(reader, field->table, members,
                                             PLACE(char, field, base));
                        if (r < 0)
                                return r;
                        continue;
                }

                const cJSON *value = members_take(members, field->name);
                if (!value && field->flags & FIELD_REQUIRED)
                        return field_refuse(reader, "%s: \"%s\" is missing", table->name,
                                            field->name);
                if (!value)
                        continue;

                int r = field_kinds[field->kind].read(reader, field, value, base);
                if (r == -EINVAL)
                        return refuse_value(reader, table, field, value);
                if (r < 0)
                        return r;
                if (field->has)
                        *((bool *)base + field->has) = true;
        }
        return 0;
}

static bool table_has(const FieldTable *table, const char *name)
{
        for (const Field *field = table->fields; field < table->fields + table->n_fields; field++)
                if (field->kind == FIELD_FLAT ? table_has(field->table, name)
                                              : str_eq(field->name, name))
                        return true;
        return false;
}

int fields_read(const FieldReader *reader, const FieldTable *table, const cJSON *object, void *base)
{
        Members members = {.first = object->child, .next = object->child};
        unsigned n = 0;
        const cJSON *member;
        int r = read_members(reader, table, &members, base);

        if (r < 0 || !reader->strict)
                return r;
        cJSON_ArrayForEach (member, object)
                n++;
        if (n == members.taken)
                return 0;
        cJSON_ArrayForEach (member, object) {
                char printable[VALUE_SHOWN];

                if (!table_has(table, member->string))
                        return field_refuse(
                                reader, "%s: unknown member \"%s\"", table->name,
                                str_printable(printable, sizeof(printable), member->string));
        }
        return 0;
}

static void print_members(JsonPrinter *printer, const FieldTable *table, const void *base)
{
        for (const Field *field = table->fields; field < table->fields + table->n_fields; field++) {
                const FieldKindOps *ops = &field_kinds[field->kind];

                if (field->kind == FIELD_FLAT) {
                        print_members(printer, field->table, CONST_PLACE(char, field, base));
                        continue;
                }
                bool absent =
                        field->has ? !*((const bool *)base + field->has)
                                   : !(field->flags & FIELD_REQUIRED) && ops->is_empty(field, base);
                if (absent)
                        continue;
                json_print_name(printer, field->name);
                ops->print(printer, field, base);
        }
}

void fields_print(JsonPrinter *printer, const FieldTable *table, const void *base)
{
        json_print_open(printer, '{');
        print_members(printer, table, base);
        json_print_close(printer, '}');
}

void fields_done(const FieldTable *table, void *base)
{
        for (const Field *field = table->fields; field < table->fields + table->n_fields; field++) {
                if (field->kind == FIELD_FLAT)
                        fields_done(field->table, PLACE(char, field, base));
                else if (field_kinds[field->kind].done)
                        field_kinds[field->kind].done(field, base);
        }
}

int fields_encode(const FieldTable *table, const void *base, size_t headroom, size_t max,
                  char **ret, size_t *ret_length)
{
        _cleanup_(json_print_done) JsonPrinter printer;

        json_print_init(&printer, headroom, max);
        fields_print(&printer, table, base);
        return json_print_finish(&printer, ret, ret_length);
}

int fields_decode(const FieldReader *reader, const JsonLimits *limits, const FieldTable *table,
                  const char *json, size_t length, void *base)
{
        _cleanup_(cJSON_Deletep) cJSON *root = NULL;
        int r = json_parse(json, length, limits, &root, reader->text);

        if (r < 0)
                return r == -ENOMEM ? r : -EBADMSG;
        r = cJSON_IsObject(root) ? fields_read(reader, table, root, base)
                                 : field_refuse(reader, "a message must be an object");
        if (r < 0)
                fields_done(table, base);
        return r;
}
