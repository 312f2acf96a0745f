/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * rig-page: a user in a browser, for scripts such as the demo. Signs in at a hub's page, answers
 * the first call that rings, listens, and prints a line for each thing that happens, until nobody
 * else is left in the call.
 */

#include <stdio.h>

#include "e2e/web.h"

#define EXIT_USAGE 2

/* Prints a word and the text of an expression on the page. */
static void print_text(Page *page, const char *what, const char *expression)
{
        _cleanup_free_ char *text = page_eval(page, "%s", expression);

        printf("%s %s\n", what, text);
        fflush(stdout);
}

/* A person who is left alone hangs up. */
static void wait_over(Page *page)
{
        page_wait(page, "!document.querySelector('#sounds audio')");
        page_click(page, "#hang-up");
        page_wait(page, "document.getElementById('hang-up').hidden");
        print_text(page, "over:", "document.getElementById('call-state').textContent");
}

static void answer_and_listen(Page *page, char **tones)
{
        page_wait(page, "document.getElementById('incoming').open");
        print_text(page, "rings:", "document.querySelector('#incoming .name').textContent");
        page_click(page, "[data-part=answer]");
        web_wait_talking(page);
        puts("answered");
        fflush(stdout);
        for (; *tones; tones++) {
                web_wait_tone(page, atoi(*tones), true);
                printf("hears %s Hz\n", *tones);
                fflush(stdout);
        }
}

int main(int argc, char **argv)
{
        char token[256];

        if (argc < 3) {
                fprintf(stderr,
                        "usage: rig-page URL FREQUENCY… <TOKEN\n\n"
                        "Signs in at the page of a hub, answers the first call, and listens for "
                        "the "
                        "frequencies one after the other.\n"
                        "Its own voice has %d Hz.\n",
                        WEB_HZ);
                return EXIT_USAGE;
        }
        if (!fgets(token, sizeof(token), stdin)) {
                fprintf(stderr, "rig-page: no token comes on standard input\n");
                return EXIT_FAILURE;
        }
        token[strcspn(token, "\n")] = '\0';
        web_setup();
        Page *page = page_new(web_browser, "rig-page", argv[1]);
        web_sign_in(page, token);
        print_text(page, "signed in as", "document.getElementById('me').textContent");
        answer_and_listen(page, argv + 2);
        wait_over(page);
        page_free(page);
        web_teardown();
        return EXIT_SUCCESS;
}
