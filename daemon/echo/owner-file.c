/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "echo/owner-file.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/private-file.h"
#include "base/str.h"

#define HUB_KEY "hub="
#define FILE_MAX (sizeof(HUB_KEY) + URL_MAX + HUB_OWNER_LINE_MAX)

/* Reads a line for the hub, and one for its owner. */
static int parse(char *text, OwnerFile *file)
{
        char *end = strchr(text, '\n');
        HubOwner owner;

        if (!end || strncmp(text, HUB_KEY, strlen(HUB_KEY)) != 0 ||
            hub_owner_parse(end + 1, &owner) < 0)
                return -EBADMSG;
        *end = '\0';
        if (str_eq(text + strlen(HUB_KEY), file->hub))
                file->owner = owner;
        return 0;
}

static int read_file(OwnerFile *file, char **ret_text)
{
        _cleanup_free_ char *fault = NULL;
        char text[FILE_MAX + 1];
        int r = private_file_read(file->path, text, sizeof(text), &fault);

        if (r >= 0)
                r = parse(text, file);
        if (r >= 0 || r == -ENOENT)
                return 0;
        if (fault)
                *ret_text = str_printf("%s: remove it", fault);
        else if (r == -EBADMSG || r == -E2BIG)
                *ret_text = str_printf("%s is damaged: remove it", file->path);
        else
                *ret_text = str_printf("%s cannot be read: %s", file->path, strerror(-r));
        return r;
}

int owner_file_load(OwnerFile *ret, const char *token_file, const char *hub, char **ret_text)
{
        struct stat st;

        *ret = (OwnerFile){.path = NULL};
        (void)STR_SET(ret->hub, hub);
        if (str_eq(token_file, "-") || (stat(token_file, &st) == 0 && !S_ISREG(st.st_mode)))
                return 0;
        ret->path = str_printf("%s" OWNER_FILE_SUFFIX, token_file);
        return ret->path ? read_file(ret, ret_text) : -ENOMEM;
}

void owner_file_done(OwnerFile *file)
{
        free(file->path);
        *file = (OwnerFile){.path = NULL};
}

void owner_file_learn(OwnerFile *file, const uid_t *uid)
{
        char text[FILE_MAX + 1], line[HUB_OWNER_LINE_MAX + 1];

        if (!hub_owner_learn(&file->owner, uid) || !file->path)
                return;
        hub_owner_print(&file->owner, line);
        snprintf(text, sizeof(text), HUB_KEY "%s\n%s", file->hub, line);
        int r = private_file_write(file->path, text);
        if (r < 0)
                log_warning("cannot store in %s whose program the hub is: %s; until it can, a "
                            "start of tring-echo gives the token to whoever listens there",
                            file->path, strerror(-r));
}

const char *owner_file_remedy(const OwnerFile *file)
{
        return file->path ? "remove the " OWNER_FILE_SUFFIX " beside the token file and start again"
                          : "start again";
}
