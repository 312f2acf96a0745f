/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A real headless browser: Debian's Chromium, controlled over a pipe in the DevTools protocol
 * (https://chromedevtools.github.io/devtools-protocol). Its microphone plays a file in a loop, its
 * camera is a moving test picture, and both are allowed without asking.
 *
 * Starting it takes a second, so the tests of a program share one: browser_new() in an unchecked
 * fixture, and a page for each user in a test. Each page has its own profile, and sees nothing of
 * what another stores.
 *
 * A failure ends the test (rig_fail()); waiting takes no longer than rig_deadline() allows.
 */

#include <cjson/cJSON.h>

#include "rig/process.h"

typedef struct Browser Browser;
typedef struct Page Page;

/* `microphone` is a WAV file that plays in a loop. */
Browser *browser_new(Rig *rig, const char *microphone);
Browser *browser_free(Browser *browser);
DEFINE_CLEANUP(Browser *, browser_free);

/* Sends a command of the protocol, and takes `params` (or NULL). The caller deletes the result. */
cJSON *browser_command(Browser *browser, const char *session, const char *method, cJSON *params);

/*
 * The same for a command that may be refused. Returns NULL if it is, which the browser explains in
 * *ret_said; the caller frees that in any case.
 */
cJSON *browser_ask(Browser *browser, const char *session, const char *method, cJSON *params,
                   char **ret_said);

/* Opens a URL and waits until it has been loaded. `name` is for messages. */
Page *page_new(Browser *browser, const char *name, const char *url);
Page *page_free(Page *page);
DEFINE_CLEANUP(Page *, page_free);
void page_reload(Page *page);
/* Goes to an empty page, which closes the one before. A page that asks first is told yes. */
void page_leave(Page *page);

/* Evaluates an expression, awaiting promises; returns text that the caller frees. */
char *page_eval(Page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Waits until an expression is true. The page itself checks it, many times a second. */
void page_wait(Page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
void page_expect(Page *page, const char *expected, const char *expression);

/* Act as a person does. The element must exist, be visible, and not be disabled. */
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

/* Pretends that the page is shown like this. */
void page_look(Page *page, bool dark, int width, int height);
/* Saves $TRING_RIG_PICTURES/<what>.png, if that is set. */
void page_picture(Page *page, const char *what);
