/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The browser page from the hub: the files of the folder and nothing else, by GET and HEAD. */
#include "e2e/hub-rig.h"

#define PAGE "<!DOCTYPE html><title>t</title>\n"

static char web[RIG_PATH_MAX]; /* the folder that is served */

static void put(const char *name, const char *content)
{
        char path[RIG_PATH_MAX];

        rig_path(path, "%s/%s", web, name);
        rig_write_file(path, content, 0600);
}

static void setup(void)
{
        _cleanup_free_ char *settings = NULL;
        Rig *rig = rig_new();
        char sub[RIG_PATH_MAX];

        h = rig_alloc(sizeof(*h));
        h->rig = rig;
        rig_path(web, "%s/web", rig->dir);
        rig_path(sub, "%s/sub", web);
        rig_mkdir(web);
        rig_mkdir(sub);
        put("index.html", PAGE);
        put("main.js", "export {};\n");
        put("empty.css", "");
        put(".hidden.html", "hidden");
        put("notes.txt", "notes");
        put("backup.js~", "backup");
        put("sub/inner.html", "inner");
        settings = str_printf("[listen]\nweb = %s\n", web);
        h->hub = hub_new_configured(rig, settings);
}

static void teardown(void)
{
        h = hub_rig_free(h);
}

static const struct {
        const char *request, *status;
        const char *has[3];
} answers[] = {
        {"GET / HTTP/1.1", "HTTP/1.1 200 ", {"text/html; charset=utf-8", "\r\n\r\n" PAGE}},
        {"GET /index.html HTTP/1.1", "HTTP/1.1 200 ", {"\r\n\r\n" PAGE}},
        {"GET /?a=b HTTP/1.1", "HTTP/1.1 200 ", {"\r\n\r\n" PAGE}},
        {"GET /main.js HTTP/1.1", "HTTP/1.1 200 ", {"text/javascript", "\r\n\r\nexport {};\n"}},
        {"GET /empty.css HTTP/1.1", "HTTP/1.1 200 ", {"text/css", "content-length: 0"}},
        {"HEAD / HTTP/1.1", "HTTP/1.1 200 ", {"content-length: 32", "etag: \""}},
        {"GET /missing.js HTTP/1.1", "HTTP/1.1 404 ", {"there is no such page here"}},
        {"HEAD /missing.js HTTP/1.1", "HTTP/1.1 404 "},
        {"GET /.hidden.html HTTP/1.1", "HTTP/1.1 404 "},
        {"GET /notes.txt HTTP/1.1", "HTTP/1.1 404 "},
        {"GET /backup.js~ HTTP/1.1", "HTTP/1.1 404 "},
        {"GET /sub HTTP/1.1", "HTTP/1.1 404 "},
        {"GET /sub/ HTTP/1.1", "HTTP/1.1 404 "},
        {"GET /sub/inner.html HTTP/1.1", "HTTP/1.1 404 "},
        {"GET /sub/../index.html HTTP/1.1", "HTTP/1.1 200 ", {PAGE}},
        {"GET /../tring-hub.conf HTTP/1.1", "HTTP/1.1 404 "},
        {"GET /%2e%2e/tring-hub.conf HTTP/1.1", "HTTP/1.1 404 "},
        {"GET /..%2ftring-hub.conf HTTP/1.1", "HTTP/1.1 404 "},
        {"GET //etc/passwd HTTP/1.1", "HTTP/1.1 404 "},
        {"GET /v1/ws HTTP/1.1", "HTTP/1.1 404 "},
        {"POST / HTTP/1.1", "HTTP/1.1 405 ", {"allow: GET, HEAD"}},
        {"PUT /index.html HTTP/1.1", "HTTP/1.1 405 "},
        {"DELETE /index.html HTTP/1.1", "HTTP/1.1 405 "},
        {"OPTIONS / HTTP/1.1", "HTTP/1.1 405 "},
};

START_TEST(the_folder_is_served_and_nothing_else)
{
        _cleanup_free_ char *answer = hub_rig_ask(h, answers[_i].request);

        ck_assert_msg(strncmp(answer, answers[_i].status, strlen(answers[_i].status)) == 0,
                      "%s: %s", answers[_i].request, answer);
        for (size_t i = 0; i < ELEMENTSOF(answers[_i].has) && answers[_i].has[i]; i++)
                ck_assert_msg(strstr(answer, answers[_i].has[i]), "%s: no '%s' in: %s",
                              answers[_i].request, answers[_i].has[i], answer);
        if (strncmp(answers[_i].request, "HEAD", 4) == 0)
                ck_assert_str_eq(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
}
END_TEST

START_TEST(each_answer_limits_what_the_page_may_do)
{
        static const char *const requests[] = {"GET / HTTP/1.1", "GET /main.js HTTP/1.1",
                                               "GET /missing HTTP/1.1"};
        static const char *const headers[] = {
                "content-security-policy: default-src 'none'; script-src 'self';",
                "connect-src 'self'",
                "frame-ancestors 'none'",
                "permissions-policy: camera=(self), microphone=(self)",
                "x-content-type-options: nosniff",
                "referrer-policy: no-referrer",
                "cache-control: no-cache",
        };

        for (size_t i = 0; i < ELEMENTSOF(requests); i++) {
                _cleanup_free_ char *answer = hub_rig_ask(h, requests[i]);

                for (size_t j = 0; j < ELEMENTSOF(headers); j++)
                        ck_assert_msg(strstr(answer, headers[j]), "%s: no '%s' in: %s", requests[i],
                                      headers[j], answer);
        }
}
END_TEST

START_TEST(what_the_browser_has_is_not_sent_again)
{
        _cleanup_free_ char *first = hub_rig_ask(h, "GET /main.js HTTP/1.1"), *request = NULL,
                            *again = NULL;
        char tag[64];

        ck_assert_int_eq(sscanf(strstr(first, "etag: "), "etag: %63s", tag), 1);
        request = str_printf("GET /main.js HTTP/1.1\r\nIf-None-Match: %s", tag);
        again = hub_rig_ask(h, request);
        ck_assert_msg(strstr(again, " 304 "), "%s", again);
        ck_assert_str_eq(strstr(again, "\r\n\r\n"), "\r\n\r\n");
}
END_TEST

/* Serving the page changes nothing else about the hub. */
START_TEST(devices_are_served_at_the_same_port)
{
        hub_add_user(h->hub, "alice", "Alice");
        h->alice = hub_mint(h->hub, "alice");
        talker_free(hub_rig_alice(h));
}
END_TEST

START_TEST(without_a_page_there_is_none)
{
        _cleanup_free_ char *answer = NULL;

        hub_stop(h->hub);
        free((char *)h->hub->config);
        h->hub->config = NULL;
        hub_start(h->hub);
        answer = hub_rig_ask(h, "GET / HTTP/1.1");
        ck_assert_msg(strstr(answer, " 404 ") && strstr(answer, "there is no page here"), "%s",
                      answer);
}
END_TEST

static const struct {
        const char *folder, *sentence;
} wrong[] = {
        {"/nonexistent", "cannot read the folder of the page, /nonexistent"},
        {"/dev", "there is no page in /dev: index.html is missing"},
};

START_TEST(a_folder_without_a_page_is_refused)
{
        hub_stop(h->hub);
        expect(RUN(1, "serve", "--listen", "127.0.0.1:0", "--web", wrong[_i].folder),
               wrong[_i].sentence);
        hub_start(h->hub);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub: web");
        TCase *tests = tcase_create("web");

        tcase_set_timeout(tests, 60);
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_loop_test(tests, the_folder_is_served_and_nothing_else, 0, ELEMENTSOF(answers));
        tcase_add_test(tests, each_answer_limits_what_the_page_may_do);
        tcase_add_test(tests, what_the_browser_has_is_not_sent_again);
        tcase_add_test(tests, devices_are_served_at_the_same_port);
        tcase_add_test(tests, without_a_page_there_is_none);
        tcase_add_loop_test(tests, a_folder_without_a_page_is_refused, 0, ELEMENTSOF(wrong));
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
