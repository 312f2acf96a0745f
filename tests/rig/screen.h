/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An invisible screen (Xvfb) with a real notification daemon on it (xfce4-notifyd), on which
 * xdotool finds and clicks windows.
 */

#include "rig/desktop.h"

typedef struct Screen {
        Desktop *desktop;
        Process *x, *settings, *daemon; /* Xvfb, xfconfd, xfce4-notifyd */
        int window;                     /* of the latest popup; 0: none yet */
} Screen;

Screen *screen_new(Desktop *desktop);
Screen *screen_free(Screen *screen);

/* Kills the notification daemon (kill -9), and starts another. */
void screen_restart_daemon(Screen *screen);

/* Wait for a new popup, or until all are gone. */
void screen_wait_popup(Screen *screen);
void screen_wait_no_popup(Screen *screen);
/* Clicks on one of the popup's buttons, counted from the right, from 0. */
void screen_click_button(Screen *screen, unsigned from_right);
/* Clicks on the popup's text. */
void screen_click_text(Screen *screen);

/* Saves $TRING_SCREENSHOTS/<name>.png with ImageMagick, if that is set. */
void screen_shoot(Screen *screen, const char *name);
