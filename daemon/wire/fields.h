/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Messages as tables: a table names each member of a message once, with its kind and its place in a
 * struct; reading and writing both use it.
 *
 * A member is required or optional. An absent optional member leaves its place empty (zero), and a
 * member whose place is empty is not written.
 */

#include "base/cleanup.h"
#include "model/message.h"
#include "wire/json-print.h"
#include "wire/json-tree.h"

typedef enum FieldKind {
        FIELD_UUID,      /* char[UUID_LENGTH + 1] */
        FIELD_UID,       /* char[]; one or more of A-Z a-z 0-9 . _ @ + - */
        FIELD_TOKEN,     /* char[]; visible ASCII, not empty */
        FIELD_TEXT,      /* char[]; text without control characters */
        FIELD_DATA,      /* char *, owned; any text, 1 byte to SIGNAL_DATA_MAX */
        FIELD_BOOL,      /* bool */
        FIELD_INT,       /* int */
        FIELD_U32,       /* uint32_t */
        FIELD_U64,       /* uint64_t or usec_t, up to JSON_INTEGER_MAX */
        FIELD_DOUBLE,    /* double */
        FIELD_WORD,      /* an enum, as one of `words` */
        FIELD_METADATA,  /* Metadata, as an object of strings */
        FIELD_UUID_LIST, /* char (*)[UUID_LENGTH + 1], owned, and its count */
        FIELD_UID_LIST,  /* char (*)[UID_MAX + 1], likewise */
        FIELD_OBJECT,    /* members of `table`, as an object */
        FIELD_FLAT,      /* members of `table`, within the enclosing object */
        FIELD_LIST,      /* an owned array of structs and its count, as an array of objects */
        FIELD_KIND_COUNT,
} FieldKind;

typedef enum FieldFlags {
        FIELD_REQUIRED = 1 << 0,
        FIELD_FROM_ONE = 1 << 1, /* FIELD_U64: not 0 */
        FIELD_SECRET = 1 << 2,   /* an error sentence does not repeat the value */
} FieldFlags;

/*
 * The words of an enum. Values are passed as unsigned, as GCC stores an enum without negative
 * values.
 */
typedef struct FieldWords {
        const char *what; /* for people: "\"user\" or \"group\"" */
        const char *(*to_string)(unsigned value);
        int (*from_string)(const char *s, unsigned *ret);
} FieldWords;

typedef struct FieldTable FieldTable;

typedef struct Field {
        const char *name;
        FieldKind kind;
        unsigned flags;
        size_t offset;
        size_t size;  /* of the member; of a list: of an element */
        size_t count; /* offset of the list's size_t */
        unsigned max; /* elements of a list */
        size_t has;   /* offset of a bool that is set if the member is present; 0: none */
        const FieldWords *words;
        const FieldTable *table;
} Field;

struct FieldTable {
        const char *name; /* of the object that has these members, for people */
        const Field *fields;
        size_t n_fields;
};

#define FIELD_TABLE(table_name, ...)                                          \
        {                                                                     \
                .name = (table_name), .fields = (const Field[]){__VA_ARGS__}, \
                .n_fields = ELEMENTSOF(((const Field[]){__VA_ARGS__})),       \
        }

/*
 * Initialisers for the place of a field: AT() for its offset and size; LIST_AT() for a list's
 * offset, the size of an element and the offset of the count.
 */
#define AT(type, member) offsetof(type, member), sizeof(((type *)0)->member)
#define LIST_AT(type, member, n_member) \
        offsetof(type, member), sizeof(*((type *)0)->member), offsetof(type, n_member)

typedef struct FieldReader {
        bool strict; /* refuses members that are not in the table */
        char *text;  /* MESSAGE_TEXT_MAX + 1 bytes, for the sentence of an error */
} FieldReader;

/* Writes the error's sentence, and returns -EBADMSG. */
int field_refuse(const FieldReader *reader, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/*
 * Reads an object into the zeroed struct at `base`. Returns 0, -ENOMEM, or -EBADMSG with a
 * sentence. The struct owns what was read before a failure.
 */
int fields_read(const FieldReader *reader, const FieldTable *table, const cJSON *object,
                void *base);

/* Prints the struct as one object. */
void fields_print(JsonPrinter *printer, const FieldTable *table, const void *base);

/* Frees what the struct owns, and leaves those places empty. */
void fields_done(const FieldTable *table, void *base);

/*
 * Writes the struct as JSON text: `headroom` and `max` are those of json_print_init(), the result
 * that of json_print_finish(). The caller frees *ret. ret_length may be NULL.
 */
int fields_encode(const FieldTable *table, const void *base, size_t headroom, size_t max,
                  char **ret, size_t *ret_length);
/*
 * Reads JSON text into the zeroed struct at `base`. Returns 0, -ENOMEM, or -EBADMSG with a
 * sentence; the struct owns something only on 0.
 */
int fields_decode(const FieldReader *reader, const JsonLimits *limits, const FieldTable *table,
                  const char *json, size_t length, void *base);
