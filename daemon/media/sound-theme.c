/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/sound-theme.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/str.h"

#define DATA_DIRS_DEFAULT "/usr/local/share:/usr/share" /* XDG base directory specification */

/* In the specification's order. */
static const char *const extensions[] = {".oga", ".ogg", ".wav"};

static int look_in(const char *directory, const char *name, char **ret)
{
        for (size_t i = 0; i < ELEMENTSOF(extensions); i++) {
                _cleanup_free_ char *path = str_printf("%s/sounds/freedesktop/stereo/%s%s",
                                                       directory, name, extensions[i]);

                if (!path)
                        return -ENOMEM;
                if (access(path, R_OK) == 0) {
                        *ret = TAKE_PTR(path);
                        return 0;
                }
        }
        return -ENOENT;
}

static int look_at_home(const char *name, char **ret)
{
        const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
        _cleanup_free_ char *directory = NULL;

        if (str_empty(data) && str_empty(home))
                return -ENOENT;
        directory = str_empty(data) ? str_printf("%s/.local/share", home) : strdup(data);
        return directory ? look_in(directory, name, ret) : -ENOMEM;
}

int sound_theme_find(const char *name, char **ret)
{
        const char *dirs = getenv("XDG_DATA_DIRS");
        _cleanup_free_ char *list = strdup(str_empty(dirs) ? DATA_DIRS_DEFAULT : dirs);
        char *rest = NULL;
        int r = list ? look_at_home(name, ret) : -ENOMEM;

        for (char *directory = list ? strtok_r(list, ":", &rest) : NULL; directory && r == -ENOENT;
             directory = strtok_r(NULL, ":", &rest))
                r = look_in(directory, name, ret);
        return r;
}
