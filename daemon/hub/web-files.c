/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/web-files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define INDEX "index.html"
#define TAG_BYTES 16 /* bytes of the hash: enough to tell two versions of a page apart */

static const struct {
        const char *ending, *type;
} web_types[] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".webmanifest", "application/manifest+json"},
};

static const char *type_of(const char *name)
{
        const char *ending = strrchr(name, '.');

        for (size_t i = 0; ending && ending > name && i < ELEMENTSOF(web_types); i++)
                if (str_eq(web_types[i].ending, ending))
                        return web_types[i].type;
        return NULL;
}

const char *web_files_default(void)
{
        const char *folder = getenv("TRING_WEB");

        return str_empty(folder) ? TRING_WEBDIR : folder;
}

static void make_tag(WebFile *file)
{
        unsigned char hash[SHA256_DIGEST_LENGTH];
        char hex[2 * TAG_BYTES + 1];

        SHA256(file->content, file->length, hash);
        hex_encode(hash, TAG_BYTES, hex);
        snprintf(file->tag, sizeof(file->tag), "\"%s\"", hex);
}

static int read_content(int fd, WebFile *file)
{
        struct stat status;

        if (fstat(fd, &status) < 0)
                return -errno;
        if (!S_ISREG(status.st_mode))
                return -EISDIR;
        if (status.st_size > (off_t)WEB_FILE_MAX)
                return -EFBIG;
        file->content = malloc((size_t)status.st_size + 1);
        if (!file->content)
                return -ENOMEM;
        while (file->length < (size_t)status.st_size) {
                ssize_t n = read(fd, file->content + file->length,
                                 (size_t)status.st_size - file->length);

                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                file->length += (size_t)n;
        }
        return 0;
}

static void file_done(WebFile *file)
{
        free(file->name);
        free(file->content);
        *file = (WebFile){};
}

/* Also returns 0 for a file that is left out. */
static int take_file(WebFiles *files, int folder_fd, const char *name)
{
        WebFile *file = &files->files[files->n_files];
        const char *type = type_of(name);

        if (name[0] == '.' || !type)
                return 0;
        if (files->n_files == WEB_FILES_MAX)
                return -E2BIG;
        _cleanup_close_ int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
                return -errno;
        int r = read_content(fd, file);
        if (r >= 0)
                r = (file->name = strdup(name)) ? 0 : -ENOMEM;
        if (r < 0) {
                file_done(file);
                return r == -EISDIR ? 0 : r;
        }
        file->type = type;
        make_tag(file);
        files->n_files++;
        return 0;
}

static int take_folder(WebFiles *files, const char *folder, char **ret_text)
{
        DIR *dir = opendir(folder);
        struct dirent *entry;
        int r = 0;

        if (!dir) {
                r = -errno;
                *ret_text = str_printf("cannot read the folder of the page, %s: %s", folder,
                                       strerror(-r));
                return r;
        }
        while (r >= 0 && (entry = readdir(dir))) {
                r = take_file(files, dirfd(dir), entry->d_name);
                if (r < 0)
                        *ret_text = str_printf("cannot serve %s/%s: %s", folder, entry->d_name,
                                               strerror(-r));
        }
        closedir(dir);
        return r;
}

int web_files_read(const char *folder, WebFiles **ret, char **ret_text)
{
        _cleanup_(web_files_unrefp) WebFiles *files = calloc(1, sizeof(*files));

        if (!files)
                return -ENOMEM;
        files->n_refs = 1;
        int r = take_folder(files, folder, ret_text);
        if (r < 0)
                return r;
        if (!web_files_find(files, "/")) {
                *ret_text = str_printf("there is no page in %s: " INDEX " is missing", folder);
                return -ENOENT;
        }
        *ret = TAKE_PTR(files);
        return 0;
}

WebFiles *web_files_ref(WebFiles *files)
{
        files->n_refs++;
        return files;
}

WebFiles *web_files_unref(WebFiles *files)
{
        if (!files || --files->n_refs > 0)
                return NULL;
        for (size_t i = 0; i < files->n_files; i++)
                file_done(&files->files[i]);
        free(files);
        return NULL;
}

const WebFile *web_files_find(const WebFiles *files, const char *path)
{
        const char *name = str_eq(path, "/") ? INDEX : path + 1;

        if (path[0] != '/')
                return NULL;
        for (size_t i = 0; i < files->n_files; i++)
                if (str_eq(files->files[i].name, name))
                        return &files->files[i];
        return NULL;
}
