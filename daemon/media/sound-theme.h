/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The freedesktop.org sound theme: where a sound of that name is.
 * https://specifications.freedesktop.org/sound-theme-spec/
 */

/*
 * Looks in the folder of the user, then in those of the system ($XDG_DATA_HOME, $XDG_DATA_DIRS).
 * The caller frees *ret. Returns 0, -ENOMEM, or -ENOENT.
 */
int sound_theme_find(const char *name, char **ret);
