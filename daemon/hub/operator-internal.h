/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shared by the operator's verbs, for operator*.c only. */

#include <stdio.h>

#include "hub/operator.h"

/* One request being carried out. The text printed to `out` becomes the reply. */
typedef struct Operation {
        HubDatabase *database;
        Hub *hub;
        const OperatorRequest *request;
        FILE *out;
        bool is_explained; /* the sentence for an error is printed */
} Operation;

/*
 * Prints the sentence and returns `error`. If a verb returns an error of the database without
 * having printed a sentence, operator_run() prints one.
 */
int operation_fail(Operation *operation, int error, const char *format, ...) _printf_(3, 4);

int operator_group_add(Operation *operation);
int operator_group_join(Operation *operation);
int operator_group_leave(Operation *operation);
int operator_group_list(Operation *operation);
int operator_group_remove(Operation *operation);
