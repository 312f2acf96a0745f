/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a hub reads again while it serves, and that nobody who is connected notices. */

#include <signal.h>

#include "e2e/hub-rig.h"
#include "wire/wire.h"

static char config[RIG_PATH_MAX];

static void start_with(const char *settings)
{
        h = hub_rig_new(settings);
        rig_path(config, "%s", h->hub->config);
}

static void reload(void)
{
        process_signal(h->hub->process, SIGHUP);
        free(process_wait_line(h->hub->process, "the settings and files have been read again"));
}

static void reload_with(const char *settings)
{
        hub_configure(h->hub, settings);
        reload();
}

static void teardown(void)
{
        h = hub_rig_free(h);
}

/* ---- the certificate ---- */

static void openssl(const char *const *argv)
{
        _cleanup_(run_result_done) RunResult result;

        process_run(h->rig, &h->hub->environment, argv, NULL, &result);
        ck_assert_msg(result.status == 0, "openssl: %s", result.err);
}

/* As a program that renews it does: new files take the place of the old ones. */
static void renew_certificate(const char *key_type)
{
        char key[RIG_PATH_MAX], chain[RIG_PATH_MAX];

        rig_path(key, "%s/new.key", h->rig->dir);
        rig_path(chain, "%s/new.pem", h->rig->dir);
        openssl(ARGV("openssl", "req", "-x509", "-newkey", key_type, "-nodes", "-days", "90",
                     "-subj", "/CN=Tring test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                     key, "-out", chain));
        ck_assert_int_eq(rename(key, h->hub->key), 0);
        ck_assert_int_eq(rename(chain, h->hub->certificate), 0);
}

/* Starts a hub with a certificate; a copy of it stays in `ret_old`. */
static void start_with_tls(char ret_old[RIG_PATH_MAX])
{
        _cleanup_free_ char *pem = NULL;
        Rig *rig = rig_new();

        h = rig_alloc(sizeof(*h));
        h->rig = rig;
        h->hub = hub_new_tls(rig);
        hub_add_user(h->hub, "alice", "Alice");
        h->alice = hub_mint(h->hub, "alice");
        pem = rig_read_file(h->hub->certificate);
        rig_path(ret_old, "%s/old.pem", rig->dir);
        rig_write_file(ret_old, pem, 0600);
}

static Talker *alice_trusting(const char *certificate)
{
        Talker *talker = talker_connect(hub_port(h->hub), &(WsOptions){.ca_file = certificate});

        talker_ok(talker_request(talker, "hello", "\"version\":1,\"token\":\"%s\",\"device\":\"d\"",
                                 h->alice));
        return talker;
}

static void expect_untrusted(const char *certificate)
{
        _cleanup_(ws_freep) WsClient *ws = NULL;
        const WsOptions options = {.ca_file = certificate};

        ck_assert_int_eq(ws_connect(hub_port(h->hub), &options, &ws, NULL), WS_UNTRUSTED);
}

START_TEST(a_renewed_certificate_is_used_and_no_connection_lost)
{
        char old[RIG_PATH_MAX];

        start_with_tls(old);
        Talker *before = alice_trusting(old);
        /* The rig's certificate is of this kind; the other kind must not stay beside it. */
        renew_certificate(_i == 0 ? "rsa:2048" : "ed25519");
        expect_untrusted(h->hub->certificate);
        reload();
        expect_untrusted(old);
        talker_ok(talker_request(before, "history", "%s", ""));
        talker_free(before);
        talker_free(alice_trusting(h->hub->certificate));
}
END_TEST

START_TEST(a_broken_certificate_leaves_the_old_one_and_is_said)
{
        char old[RIG_PATH_MAX];

        start_with_tls(old);
        rig_write_file(h->hub->certificate, "hello\n", 0600);
        process_signal(h->hub->process, SIGHUP);
        free(process_wait_line(h->hub->process,
                               "certificate and key stay as they were: cannot read"));
        free(process_wait_line(h->hub->process, "the settings and files have been read again"));
        talker_free(alice_trusting(old));
        renew_certificate("ed25519");
        reload();
        talker_free(alice_trusting(h->hub->certificate));
}
END_TEST

START_TEST(a_certificate_that_is_about_to_end_is_named_at_the_start)
{
        char old[RIG_PATH_MAX];

        start_with_tls(old);
        free(process_wait_line(h->hub->process, h->hub->certificate));
        ck_assert(process_has_said(h->hub->process, " expires on "));
}
END_TEST

/* ---- settings ---- */

static void expect_call_refused(Talker *alice)
{
        char id[TALKER_UUID_SIZE];

        talker_uuid(id);
        talker_refused(talker_initiate(alice, id, "bob"), "TooMany", "");
}

START_TEST(limits_change_for_those_who_are_connected)
{
        start_with("[limits]\ncalls-per-minute = 2\n");
        Talker *alice = hub_rig_alice(h);

        call_and_cancel(alice);
        call_and_cancel(alice);
        expect_call_refused(alice);
        reload_with("[limits]\ncalls-per-minute = 3\n");
        for (int i = 0; i < 3; i++)
                call_and_cancel(alice);
        expect_call_refused(alice);
        reload_with("[limits]\ncalls-per-minute = 1\n");
        call_and_cancel(alice);
        expect_call_refused(alice);
        reload_with("[limits]\ncalls-per-minute = 0\n");
        for (int i = 0; i < 5; i++)
                call_and_cancel(alice);
        talker_free(alice);
}
END_TEST

START_TEST(a_slip_in_the_settings_leaves_all_of_them)
{
        start_with("[limits]\ncalls-per-minute = 1\n");
        Talker *alice = hub_rig_alice(h);
        char says[RIG_PATH_MAX + 64];

        rig_write_file(config, "[limits]\ncalls-per-minute = 9\ndevices-per-user = few\n", 0600);
        process_signal(h->hub->process, SIGHUP);
        (void)snprintf(says, sizeof(says), "%s:3: devices-per-user: \"few\"", config);
        free(process_wait_line(h->hub->process, says));
        free(process_wait_line(h->hub->process, "the files have been read again"));
        call_and_cancel(alice);
        expect_call_refused(alice);
        talker_free(alice);
}
END_TEST

START_TEST(another_address_waits_for_a_restart)
{
        start_with("[limits]\ncalls-per-minute = 1\n");
        Talker *alice = hub_rig_alice(h);

        /* The command line gives the address, so TLS is what changes here. */
        rig_write_file(config, "[tls]\ncertificate = /a\nkey = /b\n", 0600);
        process_signal(h->hub->process, SIGHUP);
        free(process_wait_line(
                h->hub->process,
                "certificate and key have been added: that takes effect after a restart"));
        free(process_wait_line(h->hub->process, "the settings and files have been read again"));
        call_and_cancel(alice);
        talker_free(alice);
        talker_free(hub_rig_bob(h));
        rig_write_file(config, "", 0600); /* for the verbs and the end of the test */
}
END_TEST

/* ---- the page ---- */

START_TEST(the_page_is_read_again_and_may_come_and_go)
{
        char folder[RIG_PATH_MAX], file[RIG_PATH_MAX], settings[RIG_PATH_MAX + 32];

        start_with("");
        rig_path(folder, "%s/page", h->rig->dir);
        rig_path(file, "%s/index.html", folder);
        (void)snprintf(settings, sizeof(settings), "[listen]\nweb = \"%s\"\n", folder);
        rig_mkdir(folder);
        expect(hub_rig_ask(h, "GET / HTTP/1.1"), "there is no page here");

        rig_write_file(file, "<p>one", 0600);
        reload_with(settings);
        expect(hub_rig_ask(h, "GET / HTTP/1.1"), "<p>one");
        rig_write_file(file, "<p>two", 0600);
        reload();
        expect(hub_rig_ask(h, "GET / HTTP/1.1"), "<p>two");

        ck_assert_int_eq(unlink(file), 0);
        process_signal(h->hub->process, SIGHUP);
        free(process_wait_line(h->hub->process, "the files of the page stay as they were"));
        free(process_wait_line(h->hub->process, "the settings and files have been read again"));
        expect(hub_rig_ask(h, "GET / HTTP/1.1"), "<p>two");
        reload_with("");
        expect(hub_rig_ask(h, "GET / HTTP/1.1"), "there is no page here");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hub: reload");
        TCase *tests = tcase_create("reload");

        tcase_set_timeout(tests, 120);
        tcase_add_checked_fixture(tests, NULL, teardown);
        tcase_add_loop_test(tests, a_renewed_certificate_is_used_and_no_connection_lost, 0, 2);
        tcase_add_test(tests, a_broken_certificate_leaves_the_old_one_and_is_said);
        tcase_add_test(tests, a_certificate_that_is_about_to_end_is_named_at_the_start);
        tcase_add_test(tests, limits_change_for_those_who_are_connected);
        tcase_add_test(tests, a_slip_in_the_settings_leaves_all_of_them);
        tcase_add_test(tests, another_address_waits_for_a_restart);
        tcase_add_test(tests, the_page_is_read_again_and_may_come_and_go);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
