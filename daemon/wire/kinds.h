/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Reads and writes the values of each kind of field, for fields.c, which handles whole objects.
 * `base` is the struct that holds the field. FIELD_FLAT has no value, and no entry here.
 */

#include "wire/fields.h"

#define PLACE(type, field, base) ((type *)((char *)(base) + (field)->offset))
#define CONST_PLACE(type, field, base) ((const type *)((const char *)(base) + (field)->offset))

typedef struct FieldKindOps {
        /* Returns -EINVAL if the value is not what describe() says, else as fields_read(). */
        int (*read)(const FieldReader *reader, const Field *field, const cJSON *value, void *base);
        void (*print)(JsonPrinter *printer, const Field *field, const void *base);
        bool (*is_empty)(const Field *field, const void *base);
        void (*describe)(const Field *field, char *buffer, size_t size); /* "must be …" */
        void (*done)(const Field *field, void *base); /* frees what is owned; NULL: nothing */
} FieldKindOps;

extern const FieldKindOps field_kinds[FIELD_KIND_COUNT];
