/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wire/kinds.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <math.h>

#define COUNT_PLACE(field, base) ((size_t *)((char *)(base) + (field)->count))
#define CONST_COUNT_PLACE(field, base) ((const size_t *)((const char *)(base) + (field)->count))

/* ---- strings ---- */

static bool token_is_valid(const char *s)
{
        for (const char *c = s; *c; c++)
                if (*c <= ' ' || *c >= 0x7f)
                        return false;
        return *s != '\0';
}

static bool string_is_valid(FieldKind kind, const char *s, size_t max)
{
        return kind == FIELD_UUID    ? uuid_is_valid(s)
               : kind == FIELD_UID   ? uid_is_valid(s)
               : kind == FIELD_TOKEN ? token_is_valid(s)
                                     : text_is_valid(s, max);
}

static int read_string(const FieldReader *reader, const Field *field, const cJSON *value,
                       void *base)
{
        if (!cJSON_IsString(value) || strlen(value->valuestring) >= field->size ||
            !string_is_valid(field->kind, value->valuestring, field->size - 1))
                return -EINVAL;
        return str_copy(PLACE(char, field, base), field->size, value->valuestring);
}

static void print_string(JsonPrinter *printer, const Field *field, const void *base)
{
        json_print_string(printer, CONST_PLACE(char, field, base));
}

static bool string_is_empty(const Field *field, const void *base)
{
        return *CONST_PLACE(char, field, base) == '\0';
}

static void describe_string(const Field *field, char *buffer, size_t size)
{
        size_t max = field->size - 1;

        if (field->kind == FIELD_UUID)
                (void)snprintf(buffer, size, "a UUID in lower case");
        else if (field->kind == FIELD_UID)
                (void)snprintf(buffer, size, "1 to %zu of A-Z a-z 0-9 . _ @ + -", max);
        else if (field->kind == FIELD_TOKEN)
                (void)snprintf(buffer, size, "1 to %zu visible ASCII characters", max);
        else
                (void)snprintf(buffer, size, "text of at most %zu bytes, no control characters",
                               max);
}

/* ---- data ---- */

static int read_data(const FieldReader *reader, const Field *field, const cJSON *value, void *base)
{
        if (!cJSON_IsString(value) || !*value->valuestring ||
            strlen(value->valuestring) > SIGNAL_DATA_MAX)
                return -EINVAL;
        *PLACE(char *, field, base) = strdup(value->valuestring);
        return *PLACE(char *, field, base) ? 0 : -ENOMEM;
}

static void print_data(JsonPrinter *printer, const Field *field, const void *base)
{
        json_print_string(printer, *CONST_PLACE(char *, field, base));
}

static void free_data(const Field *field, void *base)
{
        free(*PLACE(char *, field, base));
        *PLACE(char *, field, base) = NULL;
}

static void describe_data(const Field *field, char *buffer, size_t size)
{
        (void)snprintf(buffer, size, "text of 1 to %d bytes", SIGNAL_DATA_MAX);
}

/* ---- numbers and words ---- */

static bool is_zero(const Field *field, const void *base)
{
        static const char zeros[sizeof(Metadata)];

        assert(field->size <= sizeof(zeros));
        return memcmp(CONST_PLACE(char, field, base), zeros, field->size) == 0;
}

static int read_bool(const FieldReader *reader, const Field *field, const cJSON *value, void *base)
{
        if (!cJSON_IsBool(value))
                return -EINVAL;
        *PLACE(bool, field, base) = cJSON_IsTrue(value);
        return 0;
}

static void print_bool(JsonPrinter *printer, const Field *field, const void *base)
{
        json_print_bool(printer, *CONST_PLACE(bool, field, base));
}

static void describe_bool(const Field *field, char *buffer, size_t size)
{
        (void)snprintf(buffer, size, "true or false");
}

static void integer_range(const Field *field, int64_t *ret_min, int64_t *ret_max)
{
        *ret_min = field->kind == FIELD_INT ? INT_MIN : field->flags & FIELD_FROM_ONE ? 1 : 0;
        *ret_max = field->kind == FIELD_INT   ? INT_MAX
                   : field->kind == FIELD_U32 ? UINT32_MAX
                                              : JSON_INTEGER_MAX;
}

static int read_integer(const FieldReader *reader, const Field *field, const cJSON *value,
                        void *base)
{
        int64_t min, max, number;

        integer_range(field, &min, &max);
        if (!json_integer(value, min, &number) || number > max)
                return -EINVAL;
        if (field->kind == FIELD_INT)
                *PLACE(int, field, base) = (int)number;
        else if (field->kind == FIELD_U32)
                *PLACE(uint32_t, field, base) = (uint32_t)number;
        else
                *PLACE(uint64_t, field, base) = (uint64_t)number;
        return 0;
}

static int64_t integer_value(const Field *field, const void *base)
{
        return field->kind == FIELD_INT   ? *CONST_PLACE(int, field, base)
               : field->kind == FIELD_U32 ? *CONST_PLACE(uint32_t, field, base)
                                          : (int64_t)*CONST_PLACE(uint64_t, field, base);
}

static void print_integer(JsonPrinter *printer, const Field *field, const void *base)
{
        json_print_int(printer, integer_value(field, base));
}

static void describe_integer(const Field *field, char *buffer, size_t size)
{
        int64_t min, max;

        integer_range(field, &min, &max);
        (void)snprintf(buffer, size, "a whole number from %lld to %lld", (long long)min,
                       (long long)max);
}

static int read_double(const FieldReader *reader, const Field *field, const cJSON *value,
                       void *base)
{
        if (!cJSON_IsNumber(value) || !isfinite(value->valuedouble))
                return -EINVAL;
        *PLACE(double, field, base) = value->valuedouble;
        return 0;
}

static void print_double(JsonPrinter *printer, const Field *field, const void *base)
{
        json_print_double(printer, *CONST_PLACE(double, field, base));
}

static void describe_double(const Field *field, char *buffer, size_t size)
{
        (void)snprintf(buffer, size, "a number");
}

static int read_word(const FieldReader *reader, const Field *field, const cJSON *value, void *base)
{
        return cJSON_IsString(value)
                       ? field->words->from_string(value->valuestring, PLACE(unsigned, field, base))
                       : -EINVAL;
}

static void print_word(JsonPrinter *printer, const Field *field, const void *base)
{
        json_print_string(printer, field->words->to_string(*CONST_PLACE(unsigned, field, base)));
}

static void describe_word(const Field *field, char *buffer, size_t size)
{
        (void)snprintf(buffer, size, "%s", field->words->what);
}

/* ---- metadata, objects and lists ---- */

static int read_metadata(const FieldReader *reader, const Field *field, const cJSON *value,
                         void *base)
{
        const cJSON *entry;

        if (!cJSON_IsObject(value))
                return -EINVAL;
        cJSON_ArrayForEach (entry, value) {
                int r = cJSON_IsString(entry) ? metadata_add(PLACE(Metadata, field, base),
                                                             entry->string, entry->valuestring)
                                              : -EINVAL;
                if (r < 0)
                        return r == -ENOMEM ? r : -EINVAL;
        }
        return 0;
}

static void print_metadata(JsonPrinter *printer, const Field *field, const void *base)
{
        const Metadata *metadata = CONST_PLACE(Metadata, field, base);

        json_print_open(printer, '{');
        for (size_t i = 0; i < metadata->count; i++) {
                json_print_key(printer, metadata->entries[i].key);
                json_print_string(printer, metadata->entries[i].value);
        }
        json_print_close(printer, '}');
}

static void free_metadata(const Field *field, void *base)
{
        metadata_done(PLACE(Metadata, field, base));
}

static void describe_metadata(const Field *field, char *buffer, size_t size)
{
        (void)snprintf(buffer, size,
                       "an object of at most %d strings (key 1 to %d bytes, value at most %d, no "
                       "control characters)",
                       METADATA_MAX, METADATA_KEY_MAX, METADATA_VALUE_MAX);
}

static int read_object(const FieldReader *reader, const Field *field, const cJSON *value,
                       void *base)
{
        return cJSON_IsObject(value)
                       ? fields_read(reader, field->table, value, PLACE(char, field, base))
                       : -EINVAL;
}

static void print_object(JsonPrinter *printer, const Field *field, const void *base)
{
        fields_print(printer, field->table, CONST_PLACE(char, field, base));
}

static bool is_never_empty(const Field *field, const void *base)
{
        return false;
}

static void free_object(const Field *field, void *base)
{
        fields_done(field->table, PLACE(char, field, base));
}

static void describe_object(const Field *field, char *buffer, size_t size)
{
        (void)snprintf(buffer, size, "an object");
}

static bool list_is_empty(const Field *field, const void *base)
{
        return *CONST_COUNT_PLACE(field, base) == 0;
}

static void free_list(const Field *field, void *base)
{
        char *list = *PLACE(char *, field, base);

        for (size_t i = 0; field->table && i < *COUNT_PLACE(field, base); i++)
                fields_done(field->table, list + i * field->size);
        free(list);
        *PLACE(char *, field, base) = NULL;
        *COUNT_PLACE(field, base) = 0;
}

static void describe_list(const Field *field, char *buffer, size_t size)
{
        (void)snprintf(buffer, size, "an array of at most %u %s", field->max,
                       field->kind == FIELD_LIST        ? "objects"
                       : field->kind == FIELD_UUID_LIST ? "UUIDs in lower case"
                                                        : "words");
}

/* Allocates a list as long as the array; the struct owns it. */
static int list_allocate(const Field *field, const cJSON *value, void *base, char **ret)
{
        size_t n = 0;
        const cJSON *element;

        if (!cJSON_IsArray(value))
                return -EINVAL;
        cJSON_ArrayForEach (element, value)
                n++;
        if (n > field->max)
                return -EINVAL;
        *ret = NULL;
        if (n == 0)
                return 0;
        *ret = calloc(n, field->size);
        if (!*ret)
                return -ENOMEM;
        *PLACE(void *, field, base) = *ret;
        *COUNT_PLACE(field, base) = n;
        return 0;
}

static int read_list(const FieldReader *reader, const Field *field, const cJSON *value, void *base)
{
        char *at;
        size_t i = 0;
        const cJSON *element;
        int r = list_allocate(field, value, base, &at);

        if (r < 0)
                return r;
        cJSON_ArrayForEach (element, value) {
                if (!cJSON_IsObject(element))
                        return field_refuse(reader, "\"%s\": element %zu is not an object",
                                            field->name, i + 1);
                i++;
                r = fields_read(reader, field->table, element, at);
                if (r < 0)
                        return r;
                at += field->size;
        }
        return 0;
}

static void print_list(JsonPrinter *printer, const Field *field, const void *base)
{
        const char *at = *CONST_PLACE(char *, field, base);

        json_print_open(printer, '[');
        for (size_t i = 0; i < *CONST_COUNT_PLACE(field, base); i++)
                fields_print(printer, field->table, at + i * field->size);
        json_print_close(printer, ']');
}

static int read_string_list(const FieldReader *reader, const Field *field, const cJSON *value,
                            void *base)
{
        Field each = {.kind = field->kind == FIELD_UUID_LIST ? FIELD_UUID : FIELD_UID,
                      .size = field->size};
        char *at;
        size_t i = 0;
        const cJSON *element;
        int r = list_allocate(field, value, base, &at);

        if (r < 0)
                return r;
        cJSON_ArrayForEach (element, value) {
                char wanted[MESSAGE_TEXT_MAX / 2];

                i++;
                r = read_string(reader, &each, element, at);
                if (r < 0) {
                        describe_string(&each, wanted, sizeof(wanted));
                        return field_refuse(reader, "\"%s\": element %zu is not %s", field->name, i,
                                            wanted);
                }
                at += field->size;
        }
        return 0;
}

static void print_string_list(JsonPrinter *printer, const Field *field, const void *base)
{
        const char *at = *CONST_PLACE(char *, field, base);

        json_print_open(printer, '[');
        for (size_t i = 0; i < *CONST_COUNT_PLACE(field, base); i++)
                json_print_string(printer, at + i * field->size);
        json_print_close(printer, ']');
}

#define STRING_OPS                                                          \
        {                                                                   \
                read_string, print_string, string_is_empty, describe_string \
        }
#define STRING_LIST_OPS                                                                      \
        {                                                                                    \
                read_string_list, print_string_list, list_is_empty, describe_list, free_list \
        }
#define INTEGER_OPS                                                    \
        {                                                              \
                read_integer, print_integer, is_zero, describe_integer \
        }

const FieldKindOps field_kinds[FIELD_KIND_COUNT] = {
        [FIELD_UUID] = STRING_OPS,
        [FIELD_UID] = STRING_OPS,
        [FIELD_TOKEN] = STRING_OPS,
        [FIELD_TEXT] = STRING_OPS,
        [FIELD_DATA] = {read_data, print_data, is_zero, describe_data, free_data},
        [FIELD_BOOL] = {read_bool, print_bool, is_zero, describe_bool},
        [FIELD_INT] = INTEGER_OPS,
        [FIELD_U32] = INTEGER_OPS,
        [FIELD_U64] = INTEGER_OPS,
        [FIELD_DOUBLE] = {read_double, print_double, is_zero, describe_double},
        [FIELD_WORD] = {read_word, print_word, is_zero, describe_word},
        [FIELD_METADATA] = {read_metadata, print_metadata, is_zero, describe_metadata,
                            free_metadata},
        [FIELD_UUID_LIST] = STRING_LIST_OPS,
        [FIELD_UID_LIST] = STRING_LIST_OPS,
        [FIELD_OBJECT] = {read_object, print_object, is_never_empty, describe_object, free_object},
        [FIELD_LIST] = {read_list, print_list, list_is_empty, describe_list, free_list},
};
