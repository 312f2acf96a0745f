/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The certificate chain and key that the hub presents, from two PEM files. It can be read again
 * while the hub serves: each new connection gets the newest, and those that are open keep theirs.
 */

#include <openssl/ssl.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define CERTIFICATE_WARN_US (14 * 24 * 3600 * USEC_PER_SEC) /* before its end */
#define CERTIFICATE_WARN_AGAIN_US (24 * 3600 * USEC_PER_SEC)

typedef struct Certificate Certificate;

int certificate_new(Certificate **ret);
Certificate *certificate_free(Certificate *certificate);
DEFINE_CLEANUP(Certificate *, certificate_free);

/*
 * Reads the files. Returns 0; or negative errno with a sentence in *ret_text (the caller frees it),
 * and everything as it was.
 */
int certificate_read(Certificate *certificate, const char *chain_file, const char *key_file,
                     char **ret_text);

/* Are the files other than those of the last certificate_read() that worked? */
bool certificate_is_renewed(const Certificate *certificate);
/* Reads the same files again. */
int certificate_renew(Certificate *certificate, char **ret_text);

/* Makes all connections of a context use it; it must outlive the context. */
int certificate_use(Certificate *certificate, SSL_CTX *context);

/*
 * A sentence about its end, from CERTIFICATE_WARN_US before it and once in
 * CERTIFICATE_WARN_AGAIN_US; else NULL. `date` is CLOCK_REALTIME, `now` CLOCK_BOOTTIME. The caller
 * frees it.
 */
char *certificate_warning(Certificate *certificate, usec_t date, usec_t now);
