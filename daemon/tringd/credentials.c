/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tringd/credentials.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/private-file.h"

#define FILE_MAX (sizeof(Credentials) + 64) /* the lines with their keys */

static const struct {
        const char *key;
        size_t offset, size;
} lines[] = {
        {"hub=", offsetof(Credentials, hub), HUB_URL_MAX + 1},
        {"token=", offsetof(Credentials, token), TOKEN_MAX + 1},
        {"device-name=", offsetof(Credentials, device_name), NAME_MAX_BYTES + 1},
};

void credentials_done(Credentials *credentials)
{
        explicit_bzero(credentials, sizeof(*credentials));
}

/* Accepts the lines that credentials_save() writes, in the same order, and nothing else. */
static int parse(char *text, Credentials *ret)
{
        char *line = text;

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                char *end = line ? strchr(line, '\n') : NULL;
                size_t key = strlen(lines[i].key);

                if (!end || strncmp(line, lines[i].key, key) != 0)
                        return -EBADMSG;
                *end = '\0';
                if (str_copy((char *)ret + lines[i].offset, lines[i].size, line + key) < 0 ||
                    !text_is_valid(line + key, lines[i].size))
                        return -EBADMSG;
                line = end + 1;
        }
        if (str_empty(ret->hub) || str_empty(ret->token))
                return -EBADMSG;
        return hub_owner_parse(line, &ret->owner); /* earlier versions wrote no such line */
}

/* Says what is wrong, and what to do; `fault` is a sentence without that, or NULL. */
static char *error_text(const char *path, int r, const char *fault)
{
        if (r == -EPERM && fault)
                return str_printf(
                        "%s, others may know the token in it: log in again with a new one", fault);
        if (r == -EBADMSG)
                return str_printf("%s is damaged: log in again", path);
        return str_printf("%s: %s", path, strerror(-r));
}

int credentials_load(const char *path, Credentials *ret, char **ret_text)
{
        char text[FILE_MAX + 1];
        _cleanup_(credentials_done) Credentials read_here = {};
        _cleanup_free_ char *fault = NULL;
        int r = path ? private_file_read(path, text, sizeof(text), &fault) : -ENOENT;

        if (r >= 0) {
                r = parse(text, &read_here);
                explicit_bzero(text, sizeof(text));
        }
        if (r == -E2BIG)
                r = -EBADMSG;
        if (r < 0) {
                if (r != -ENOENT)
                        *ret_text = error_text(path, r, fault);
                return r;
        }
        *ret = read_here;
        return 0;
}

int credentials_save(const char *path, const Credentials *credentials)
{
        char text[FILE_MAX + 1], owner[HUB_OWNER_LINE_MAX + 1];

        hub_owner_print(&credentials->owner, owner);
        snprintf(text, sizeof(text), "%s%s\n%s%s\n%s%s\n%s", lines[0].key, credentials->hub,
                 lines[1].key, credentials->token, lines[2].key, credentials->device_name, owner);
        int r = private_file_write(path, text);
        explicit_bzero(text, sizeof(text));
        return r;
}

int credentials_forget(const char *path)
{
        return path && unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}
