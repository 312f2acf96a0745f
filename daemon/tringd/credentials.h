/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The hub and token of the last login, in one file of mode 0600 that is replaced by rename. A file
 * that others can read is refused: its token may be known to them. Memory is wiped after use.
 */

#include "loop/hub-owner.h"
#include "model/message.h"

#define HUB_URL_MAX 1024 /* bytes; as long as a WebSocket URL may be */

typedef struct Credentials {
        char hub[HUB_URL_MAX + 1];
        char token[TOKEN_MAX + 1];
        char device_name[NAME_MAX_BYTES + 1];
        HubOwner owner;
} Credentials;

void credentials_done(Credentials *credentials);

/*
 * Returns 0; -ENOENT, also if `path` is NULL; or, with a sentence in *ret_text that names the file
 * (the caller frees it), -EPERM (wrong mode or owner), -EBADMSG (not the format of
 * credentials_save()), or an errno of open or read.
 */
int credentials_load(const char *path, Credentials *ret, char **ret_text);

/* Returns 0 or negative errno. */
int credentials_save(const char *path, const Credentials *credentials);
int credentials_forget(const char *path);
