/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A real browser without a window: Debian's Chromium, told what to do over a pipe in the DevTools
 * protocol (https://chromedevtools.github.io/devtools-protocol). Its microphone plays a file over
 * and over, its camera is a moving test picture, and both are allowed without asking.
 *
 * Starting it takes a second, so that one is shared by the tests of a program: browser_new() in an
 * unchecked fixture, a page of its own for each user in a test. Each page is a profile of its own:
 * nothing that one stores is seen by another.
 *
 * What goes wrong ends the test (rig_fail()); waiting takes no longer than rig_deadline() allows.
 */

#include <cjson/cJSON.h>

#include "rig/process.h"

typedef struct Browser Browser;
typedef struct Page Page;

/* `microphone` is a WAV file that is spoken all the time. */
Browser *browser_new(Rig *rig, const char *microphone);
Browser *browser_free(Browser *browser);
DEFINE_CLEANUP(Browser *, browser_free);

/* A command of the protocol; the caller deletes its result. `params` is taken over, NULL: none. */
cJSON *browser_command(Browser *browser, const char *session, const char *method, cJSON *params);

/* Opens a URL and waits until it has been loaded. `name` is for messages. */
Page *page_new(Browser *browser, const char *name, const char *url);
Page *page_free(Page *page);
DEFINE_CLEANUP(Page *, page_free);
void page_reload(Page *page);

/* What an expression comes to, as text; the caller frees. A promise is waited for. */
char *page_eval(Page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Waits until an expression is true. It is looked at in the page, many times a second. */
void page_wait(Page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
void page_expect(Page *page, const char *expected, const char *expression);

/* As a person does. The element must be there, shown, and not disabled. */
void page_click(Page *page, const char *selector);
void page_type(Page *page, const char *text);
void page_press(Page *page, const char *key); /* Tab, Enter, Escape, Space, Shift+Tab */

/* What a screen reader is given: an array of {role, name, focusable, …}, without what is ignored.
 */
typedef struct AccessibleNode {
        char role[32], name[128];
        bool is_focusable;
} AccessibleNode;
size_t page_accessible_nodes(Page *page, AccessibleNode *ret, size_t max);

/* As if it were shown so. */
void page_look(Page *page, bool dark, int width, int height);
/* Into $TRING_RIG_PICTURES/<what>.png, where that is set. */
void page_picture(Page *page, const char *what);
