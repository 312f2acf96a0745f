/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Finds sounds of the freedesktop.org sound theme.
 * https://specifications.freedesktop.org/sound-theme-spec/
 */

/*
 * Looks for the sound in the user's folder ($XDG_DATA_HOME), then in the system's ($XDG_DATA_DIRS).
 * The caller frees *ret. Returns 0, -ENOMEM, or -ENOENT.
 */
int sound_theme_find(const char *name, char **ret);
