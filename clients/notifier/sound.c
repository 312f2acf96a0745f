/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sound.h"

#include <glib.h>

/* pipewire(1): $PIPEWIRE_REMOTE, a name or a path, in $PIPEWIRE_RUNTIME_DIR or
 * $XDG_RUNTIME_DIR. */
bool sound_is_available(void)
{
        const char *remote = g_getenv("PIPEWIRE_REMOTE");
        const char *folder = g_getenv("PIPEWIRE_RUNTIME_DIR");
        g_autofree char *path = NULL;

        path = g_build_filename(folder ? folder : g_get_user_runtime_dir(),
                                remote ? remote : "pipewire-0", NULL);
        return g_file_test(remote && g_path_is_absolute(remote) ? remote : path,
                           G_FILE_TEST_EXISTS);
}
