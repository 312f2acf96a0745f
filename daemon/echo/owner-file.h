/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The file TOKEN-FILE.hub-owner, beside the token's: to whom the token was given. Without it the
 * next echo would give the token to any program that listens where the hub did.
 */

#include "loop/hub-owner.h"
#include "loop/url.h"

#define OWNER_FILE_SUFFIX ".hub-owner"

typedef struct OwnerFile {
        char *path; /* NULL: the token came through a pipe, and nothing is stored */
        char hub[URL_MAX + 1];
        HubOwner owner; /* of this hub; that of another one is not known */
} OwnerFile;

/*
 * Returns 0, also if there is no such file yet, -ENOMEM, or a negative errno with a sentence in
 * *ret_text (the caller frees it). End it by owner_file_done() in any case.
 */
int owner_file_load(OwnerFile *ret, const char *token_file, const char *hub, char **ret_text);
void owner_file_done(OwnerFile *file);

/* With each welcome, by hub_client_owner(): stores the owner that was not known. */
void owner_file_learn(OwnerFile *file, const uid_t *uid);

/* What a person has to do if the hub's owner has changed, as a part of a sentence. */
const char *owner_file_remedy(const OwnerFile *file);
