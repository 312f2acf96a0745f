/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/ice.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/secret-file.h"

#define SECRET_MAX 1024
#define SHA1_SIZE 20

static int add_servers(const char *urls, const char *username, IceServer *servers, size_t *n)
{
        _cleanup_free_ char *copy = strdup(urls);
        char *state = NULL;

        if (!copy)
                return -ENOMEM;
        for (char *url = strtok_r(copy, " \t", &state); url && *n < ICE_SERVERS_MAX;
             url = strtok_r(NULL, " \t", &state)) {
                IceServer *server = &servers[(*n)++];

                *server = (IceServer){0};
                if (STR_SET(server->url, url) < 0 || STR_SET(server->username, username) < 0)
                        return -E2BIG;
        }
        return 0;
}

int ice_servers(const Config *config, usec_t date, IceServer *ret, size_t *ret_n, char **ret_secret,
                char **ret_text)
{
        _cleanup_(secret_freep) char *secret = NULL;
        char until[32] = "", text[SECRET_TEXT_MAX];
        size_t n = 0;
        int r = 0;

        if (!str_empty(config->turn)) {
                r = secret_file_read(config->turn_secret_file, SECRET_MAX, &secret, text);
                if (r < 0) {
                        *ret_text = r == -ENOMEM ? NULL : strdup(text);
                        return r;
                }
                snprintf(until, sizeof(until), "%" PRIu64,
                         date / USEC_PER_SEC + config->turn_lifetime_s);
        }
        r = add_servers(config->stun, "", ret, &n);
        if (r >= 0)
                r = add_servers(config->turn, until, ret, &n);
        if (r < 0)
                return r;
        *ret_n = n;
        *ret_secret = TAKE_PTR(secret);
        return 0;
}

int ice_sign(const char *secret, IceServer *servers, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                unsigned char mac[SHA1_SIZE], text[4 * (SHA1_SIZE + 2) / 3 + 1];
                const char *username = servers[i].username;

                if (str_empty(username))
                        continue;
                if (!HMAC(EVP_sha1(), secret, (int)strlen(secret), (const unsigned char *)username,
                          strlen(username), mac, NULL))
                        return -ENOMEM;
                EVP_EncodeBlock(text, mac, sizeof(mac));
                STR_SET(servers[i].credential, (const char *)text);
        }
        return 0;
}
