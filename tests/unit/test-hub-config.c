/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/config.h"

#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/secret-file.h"
#include "hub/ice.h"
#include "suite.h"

static char path[64];

static void write_config(const char *text)
{
        STR_SET(path, "/tmp/test-hub-config-XXXXXX");
        int fd = mkstemp(path);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        close(fd);
}

static void remove_config(void)
{
        unlink(path);
}

START_TEST(what_is_not_set_has_its_default)
{
        Config config;
        _cleanup_free_ char *text = NULL;

        write_config("# nothing\n\n");
        config_init(&config);
        ck_assert_int_eq(config_read(&config, path, &text), 0);
        ck_assert_str_eq(config.listen, "127.0.0.1:8746");
        ck_assert_uint_eq(config.calls_per_minute, 30);
        ck_assert_uint_eq(config.failed_lookups_per_minute, 30);
        ck_assert(config.redial_pauses);
        ck_assert_uint_eq(config.stored_mb_per_day, 16);
        ck_assert_uint_eq(config.failed_logins_per_minute, 10);
        ck_assert_uint_eq(config.requests_in_flight, 64);
        ck_assert_uint_eq(config.queue_per_device, 256);
        ck_assert_uint_eq(config.history_days, 365);
}
END_TEST

/* All that may surround a value, and a line longer than any buffer. */
START_TEST(files_may_look_as_editors_and_people_leave_them)
{
        _cleanup_free_ char *text = NULL, *content = NULL;
        char word[4000];
        Config config;

        memset(word, 'a', sizeof(word) - 1);
        word[sizeof(word) - 1] = '\0';
        content = str_printf("\xef\xbb\xbf# %s\r\n"
                             "[Limits] ; of a small hub\r\n"
                             "\t Calls-Per-Minute : 7 # a week\r\n"
                             "  [ TLS ]\n certificate = \"/etc/a ; b.crt\" # quoted\n"
                             "key='/etc/a \"b\".key'\n"
                             "[listen]\nweb = /%s",
                             word, word);
        write_config(content);
        config_init(&config);
        ck_assert_msg(config_read(&config, path, &text) == 0, "%s", text);
        ck_assert_uint_eq(config.calls_per_minute, 7);
        ck_assert_str_eq(config.certificate, "/etc/a ; b.crt");
        ck_assert_str_eq(config.key, "/etc/a \"b\".key");
        ck_assert_uint_eq(strlen(config.web), sizeof(word));
}
END_TEST

START_TEST(what_is_set_counts)
{
        Config config;
        _cleanup_free_ char *text = NULL;

        write_config("[listen]\naddress = [::1]:0\nproxies = ::1 10.0.0.0/8\n"
                     "[web]\norigins = https://calls.example.org http://localhost:8080\n"
                     "[limits]\ncalls-per-minute = 0 ; none\nhistory-days=7\nredial-pauses = no\n"
                     "stored-mb-per-day = 1\n"
                     "[ice]\nstun = stun:a stuns:b:1\nturn = turn:c?transport=udp\n"
                     "turn-secret-file = /etc/secret\nturn-lifetime = 3600\n");
        config_init(&config);
        ck_assert_int_eq(config_read(&config, path, &text), 0);
        ck_assert_str_eq(config.listen, "[::1]:0");
        ck_assert_str_eq(config.proxies, "::1 10.0.0.0/8");
        ck_assert_str_eq(config.origins, "https://calls.example.org http://localhost:8080");
        ck_assert_uint_eq(config.calls_per_minute, 0);
        ck_assert_uint_eq(config.history_days, 7);
        ck_assert(!config.redial_pauses);
        ck_assert_uint_eq(config.stored_mb_per_day, 1);
        ck_assert_str_eq(config.stun, "stun:a stuns:b:1");
        ck_assert_str_eq(config.turn, "turn:c?transport=udp");
        ck_assert_uint_eq(config.turn_lifetime_s, 3600);
}
END_TEST

static const struct {
        const char *text, *where, *sentence;
} wrong[] = {
        {"[limits]\ncalls-per-minute = many\n", ":2:", "calls-per-minute: \"many\""},
        {"[limits]\ncalls-per-minute = -1\n", ":2:", "calls-per-minute: \"-1\""},
        {"[limits]\ncalls-per-minute = 1000001\n", ":2:", "1000001"},
        {"[limits]\ncalls-per-minute = 99999999999999999999\n", ":2:", "calls-per-minute"},
        {"[limits]\n\n\nrequests-in-flight = 0\n", ":4:", "requests-in-flight: \"0\""},
        {"[limits]\ncalls-per-hour = 1\n",
         ":2:", "calls-per-hour: there is no such key in [limits]"},
        {"[limit]\ncalls-per-minute = 1\n", ":1:", "[limit]: there is no such section"},
        {"calls-per-minute = 1\n", ":1:", "calls-per-minute: stands before the first [section]"},
        {"[limits]\ncalls-per-minute = 1\ncalls-per-minute = 2\n", ":3:", "in line 2 already"},
        {"[limits]\ncalls-per-minute 30\n", ":2:", "neither [section] nor key = value"},
        {"[listen]\naddress = here\n", ":2:", "\"here\" is not HOST:PORT"},
        {"[listen]\naddress = ::1:80\n", ":2:", "\"::1:80\" is not HOST:PORT"},
        {"[listen]\naddress = \n", ":2:", "address: there is no value"},
        {"[listen]\nproxies = 127.0.0.1 proxy.example.org\n",
         ":2:", "proxies: \"proxy.example.org\" is not an address"},
        {"[web]\norigins = https://a.example calls.example.org\n",
         ":2:", "origins: \"calls.example.org\" is not http://HOST[:PORT] or https://HOST[:PORT]"},
        {"[tls]\ncertificate = a.crt\n", ":2:", "certificate and key: set both or none"},
        {"[ice]\nstun = http://a\n", ":2:", "\"http://a\" does not begin with stun:"},
        {"[ice]\nturn = turn:a\n", ":2:", "turn: needs turn-secret-file"},
        {"[ice]\nstun = stun:1 stun:2 stun:3 stun:4 stun:5 stun:6 stun:7 stun:8 stun:9\n", ": ",
         "more than 8 servers"},
        {"[listen]\nweb = /a ;b\n", ":2:", "web: put quotes around the value"},
        {"[listen]\nweb = '/a\n", ":2:", "web: the quotes of '/a are not closed"},
        {"[listen]\nweb = '/a' '/b'\n", ":2:", "web: there is more than one quoted value"},
};

START_TEST(what_is_wrong_is_named_by_file_line_and_key)
{
        Config config, before;
        _cleanup_free_ char *text = NULL;
        char where[sizeof(path) + 8];

        write_config(wrong[_i].text);
        config_init(&config);
        before = config;
        ck_assert_int_eq(config_read(&config, path, &text), -EINVAL);
        snprintf(where, sizeof(where), "%s%s", path, wrong[_i].where);
        ck_assert_msg(strstr(text, where) && strstr(text, wrong[_i].sentence),
                      "expected %s … %s: %s", where, wrong[_i].sentence, text);
        ck_assert_mem_eq(&config, &before, sizeof(config));
}
END_TEST

static void count(const char *line, void *userdata)
{
        ck_assert_ptr_nonnull(strstr(line, path));
        ++*(int *)userdata;
}

START_TEST(a_check_says_all_that_is_wrong)
{
        int n_reported = 0;

        write_config("[limits]\ncalls-per-minute = x\nhistory-days = y\n[colours]\nred = 1\n");
        ck_assert_int_eq(config_check(path, count, &n_reported), 3);
        ck_assert_int_eq(n_reported, 3);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named)
{
        Config config;
        _cleanup_free_ char *text = NULL;

        config_init(&config);
        ck_assert_int_eq(config_read(&config, "/nowhere/tring-hub.conf", &text), -ENOENT);
        ck_assert_ptr_nonnull(strstr(text, "/nowhere/tring-hub.conf"));
}
END_TEST

/* The installed file has all keys in comments: each must be a known one. */
START_TEST(the_file_that_is_installed_makes_sense_without_its_comment_signs)
{
        char line[256], text[8192] = "";
        FILE *file = fopen(SOURCE_ROOT "/units/tring-hub.conf", "re");
        int n_reported = 0;

        ck_assert_ptr_nonnull(file);
        while (fgets(line, sizeof(line), file))
                strcat(text, line[0] == '#' && line[1] != ' ' ? line + 1 : line);
        fclose(file);
        ck_assert_ptr_nonnull(strstr(text, "\ncalls-per-minute = 30\n"));
        write_config(text);
        ck_assert_int_eq(config_check(path, count, &n_reported), 0);
}
END_TEST

START_TEST(credentials_are_those_of_coturns_rest_scheme)
{
        IceServer servers[] = {{.url = "stun:a"},
                               {.url = "turn:b", .username = "1700000000:alice"}};

        ck_assert_int_eq(ice_sign("north-star", servers, ELEMENTSOF(servers)), 0);
        ck_assert_str_eq(servers[0].credential, "");
        ck_assert_str_eq(servers[1].credential, "rchw+7XvnG7mN0BXm8xDnHNSHX0=");
}
END_TEST

START_TEST(credentials_are_good_for_some_hours)
{
        _cleanup_(secret_freep) char *secret = NULL;
        _cleanup_free_ char *text = NULL;
        IceServer servers[ICE_SERVERS_MAX];
        Config config;
        size_t n;

        config_init(&config);
        STR_SET(config.stun, "stun:a");
        STR_SET(config.turn, "turn:b turns:c");
        write_config("north-star\n");
        STR_SET(config.turn_secret_file, path);
        ck_assert_int_eq(
                ice_servers(&config, 1700000000 * USEC_PER_SEC, servers, &n, &secret, &text), 0);
        ck_assert_uint_eq(n, 3);
        ck_assert_str_eq(servers[0].username, "");
        ck_assert_str_eq(servers[2].url, "turns:c");
        ck_assert_str_eq(servers[2].username, "1700043200");
        config.turn_lifetime_s = 600;
        secret_free(TAKE_PTR(secret));
        ck_assert_int_eq(
                ice_servers(&config, 1700000000 * USEC_PER_SEC, servers, &n, &secret, &text), 0);
        ck_assert_str_eq(servers[2].username, "1700000600");
        ck_assert_str_eq(secret, "north-star");
        STR_SET(config.turn_secret_file, "/nowhere/secret");
        ck_assert_int_eq(ice_servers(&config, 0, servers, &n, &secret, &text), -ENOENT);
        ck_assert_ptr_nonnull(strstr(text, "/nowhere/secret"));
}
END_TEST

static const struct {
        const char *address, *host;
        int port; /* -1: refused */
} addresses[] = {
        {"127.0.0.1:0", "127.0.0.1", 0}, {"hub.example.org:65535", "hub.example.org", 65535},
        {"[::1]:80", "::1", 80},         {"127.0.0.1:65536", NULL, -1},
        {"127.0.0.1", NULL, -1},         {":80", NULL, -1},
        {"127.0.0.1:", NULL, -1},        {"127.0.0.1:8o", NULL, -1},
        {"127.0.0.1:-1", NULL, -1},      {"", NULL, -1},
};

START_TEST(an_address_is_host_and_port)
{
        char host[64];
        uint16_t port;
        _cleanup_free_ char *text = NULL;
        int r = config_parse_address("--listen", addresses[_i].address, host, sizeof(host), &port,
                                     &text);

        ck_assert_int_eq(r, addresses[_i].port < 0 ? -EINVAL : 0);
        if (r == 0) {
                ck_assert_str_eq(host, addresses[_i].host);
                ck_assert_uint_eq(port, (unsigned)addresses[_i].port);
        } else {
                ck_assert_ptr_nonnull(strstr(text, "--listen"));
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub config");
        TCase *tests = tcase_create("config");

        tcase_add_checked_fixture(tests, NULL, remove_config);
        tcase_add_test(tests, what_is_not_set_has_its_default);
        tcase_add_test(tests, what_is_set_counts);
        tcase_add_test(tests, files_may_look_as_editors_and_people_leave_them);
        tcase_add_loop_test(tests, what_is_wrong_is_named_by_file_line_and_key, 0,
                            ELEMENTSOF(wrong));
        tcase_add_test(tests, a_check_says_all_that_is_wrong);
        tcase_add_test(tests, a_file_that_is_not_there_is_named);
        tcase_add_test(tests, credentials_are_those_of_coturns_rest_scheme);
        tcase_add_test(tests, credentials_are_good_for_some_hours);
        tcase_add_test(tests, the_file_that_is_installed_makes_sense_without_its_comment_signs);
        tcase_add_loop_test(tests, an_address_is_host_and_port, 0, ELEMENTSOF(addresses));
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
