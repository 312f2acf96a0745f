/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plays all files of the given folders to a target, as libFuzzer would. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"

#define FILE_MAX_BYTES (128 * 1024) /* twice the largest message */

static int play_file(const char *path)
{
        static uint8_t data[FILE_MAX_BYTES];
        _cleanup_(fclosep) FILE *file = fopen(path, "re");

        if (!file) {
                fprintf(stderr, "%s: %s\n", path, strerror(errno));
                return -errno;
        }
        size_t size = fread(data, 1, sizeof(data), file);

        /* In a buffer of exactly this size, so that sanitizers see a read past the end. */
        uint8_t *exact = malloc(size > 0 ? size : 1);
        if (!exact)
                return -ENOMEM;
        memcpy(exact, data, size);
        LLVMFuzzerTestOneInput(exact, size);
        free(exact);
        return 0;
}

static int play_folder(const char *folder, size_t *n)
{
        DIR *dir = opendir(folder);
        int r = 0;

        if (!dir) {
                fprintf(stderr, "%s: %s\n", folder, strerror(errno));
                return -errno;
        }
        for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
                char path[PATH_MAX];

                if (entry->d_name[0] == '.')
                        continue;
                snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
                r = play_file(path);
                (*n)++;
        }
        closedir(dir);
        return r;
}

int main(int argc, char **argv)
{
        size_t n = 0;

        for (int i = 1; i < argc; i++)
                if (play_folder(argv[i], &n) < 0)
                        return EXIT_FAILURE;
        if (n == 0) {
                fprintf(stderr, "there is nothing to play\n");
                return EXIT_FAILURE;
        }
        printf("%zu files played\n", n);
        return EXIT_SUCCESS;
}
