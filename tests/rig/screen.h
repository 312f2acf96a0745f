/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A screen that nobody sees (Xvfb) with a real notification daemon on it (xfce4-notifyd), looked at
 * and clicked on by xdotool.
 */

#include "rig/desktop.h"

typedef struct Screen {
        Desktop *desktop;
        Process *x, *settings, *daemon; /* Xvfb, xfconfd, xfce4-notifyd */
        int window;                     /* of the popup seen last, 0: none yet */
} Screen;

Screen *screen_new(Desktop *desktop);
Screen *screen_free(Screen *screen);

/* kill -9 of the notification daemon, and a new one. */
void screen_restart_daemon(Screen *screen);

/* Until a popup is seen that was not there before; until none is. */
void screen_wait_popup(Screen *screen);
void screen_wait_no_popup(Screen *screen);
/* Clicks on one of the popup's buttons, counted from the right, from 0. */
void screen_click_button(Screen *screen, unsigned from_right);
/* Clicks on the popup's text. */
void screen_click_text(Screen *screen);

/* Into the file <$TRING_SCREENSHOTS>/<name>.png, by ImageMagick, if that is set. */
void screen_shoot(Screen *screen, const char *name);
