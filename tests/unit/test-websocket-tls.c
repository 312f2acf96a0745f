/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/str.h"
#include "suite.h"
#include "ws-fixture.h"

static char folder[64], certificate[128], key[128];

static void serve_from(long valid_from_s, const char *names, bool trusted, const char *host)
{
        ws_certificate_make(certificate, key, names, valid_from_s);
        ck_assert_int_eq(setenv("SSL_CERT_FILE", trusted ? certificate : "/dev/null", 1), 0);
        f.say = "hello";
        fixture_connect(&(WsServerOptions){.certificate = certificate, .key = key}, host);
        fixture_run();
}

/* Makes a certificate for `names`, which $SSL_CERT_FILE trusts if `trusted`. */
static void serve(const char *names, bool trusted, const char *host)
{
        serve_from(-60, names, trusted, host);
}

static void setup(void)
{
        ck_assert_int_eq(STR_SET(folder, "/tmp/test-websocket-tls-XXXXXX"), 0);
        ck_assert_ptr_nonnull(mkdtemp(folder));
        (void)snprintf(certificate, sizeof(certificate), "%s/certificate.pem", folder);
        (void)snprintf(key, sizeof(key), "%s/key.pem", folder);
        fixture_setup();
}

static void teardown(void)
{
        fixture_teardown();
        unlink(certificate);
        unlink(key);
        rmdir(folder);
}

START_TEST(a_trusted_certificate_for_the_name_is_taken)
{
        serve("DNS:localhost", true, "localhost");
        ck_assert_uint_eq(f.n_closed, 0);
        ck_assert_str_eq(f.message, "hello");
}
END_TEST

START_TEST(a_trusted_certificate_for_the_address_is_taken)
{
        serve("IP:127.0.0.1", true, "127.0.0.1");
        ck_assert_uint_eq(f.n_closed, 0);
        ck_assert_str_eq(f.message, "hello");
}
END_TEST

static void assert_refused(const char *why)
{
        ck_assert_uint_eq(f.n_opened, 0);
        ck_assert_uint_eq(f.n_closed, 1);
        ck_assert_uint_eq(f.code, 0);
        ck_assert_msg(strstr(f.reason, why) != NULL, "the reason is: %s", f.reason);
}

START_TEST(a_certificate_that_nobody_vouches_for_is_refused)
{
        serve("DNS:localhost", false, "localhost");
        assert_refused("self-signed certificate");
}
END_TEST

START_TEST(a_certificate_for_another_name_is_refused)
{
        serve("DNS:hub.example.org", true, "localhost");
        assert_refused("hostname mismatch");
}
END_TEST

START_TEST(a_certificate_for_another_address_is_refused)
{
        serve("IP:127.0.0.2,DNS:localhost", true, "127.0.0.1");
        assert_refused("IP address mismatch");
}
END_TEST

START_TEST(a_certificate_from_the_future_is_refused)
{
        serve_from(1800, "DNS:localhost", true, "localhost");
        assert_refused("certificate is not yet valid");
}
END_TEST

START_TEST(a_certificate_of_the_past_is_refused)
{
        serve_from(-7200, "DNS:localhost", true, "localhost");
        assert_refused("certificate has expired");
}
END_TEST

START_TEST(a_server_without_tls_is_refused)
{
        _cleanup_free_ char *url = NULL;

        f.server = ws_server_start(&(WsServerOptions){0});
        url = str_printf("wss://127.0.0.1:%u", (unsigned)ws_server_port(f.server));
        fixture_connect_url(url, 0);
        fixture_run();
        assert_refused(": no TLS on this port, or none that this machine takes");
}
END_TEST

/* The other way round: plain HTTP is said to a server that wants TLS. */
START_TEST(a_server_with_tls_is_no_plain_one)
{
        _cleanup_free_ char *url = NULL;

        ws_certificate_make(certificate, key, "DNS:localhost", -60);
        f.server = ws_server_start(&(WsServerOptions){.certificate = certificate, .key = key});
        url = str_printf("ws://127.0.0.1:%u", (unsigned)ws_server_port(f.server));
        fixture_connect_url(url, 0);
        fixture_run();
        assert_refused(": what listens there hangs up, or is no web server; is the port right?");
}
END_TEST

START_TEST(a_port_where_nobody_listens_is_reported_with_tls_too)
{
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t length = sizeof(address);
        _cleanup_free_ char *url = NULL;
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
        url = str_printf("wss://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
        fixture_connect_url(url, 0);
        fixture_run();
        assert_refused(": nobody answers there");
}
END_TEST

START_TEST(tls_can_be_wanted_after_a_plain_connection)
{
        _cleanup_free_ char *url = NULL;
        WsServer *plain = ws_server_start(&(WsServerOptions){0});
        struct lws_context *lws;

        ck_assert_int_eq(loop_lws(f.loop, false, &lws), 0);
        serve("DNS:localhost", true, "localhost");
        ck_assert_str_eq(f.message, "hello");
        /* Plain connections still work in that context. */
        ck_assert_int_eq(loop_lws(f.loop, false, &lws), 0);
        ws_server_stop(plain);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("websocket-tls");
        TCase *tcase = tcase_create("tls");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 30);
        tcase_add_test(tcase, a_trusted_certificate_for_the_name_is_taken);
        tcase_add_test(tcase, a_trusted_certificate_for_the_address_is_taken);
        tcase_add_test(tcase, a_certificate_that_nobody_vouches_for_is_refused);
        tcase_add_test(tcase, a_certificate_for_another_name_is_refused);
        tcase_add_test(tcase, a_certificate_for_another_address_is_refused);
        tcase_add_test(tcase, a_certificate_from_the_future_is_refused);
        tcase_add_test(tcase, a_certificate_of_the_past_is_refused);
        tcase_add_test(tcase, a_server_without_tls_is_refused);
        tcase_add_test(tcase, a_server_with_tls_is_no_plain_one);
        tcase_add_test(tcase, a_port_where_nobody_listens_is_reported_with_tls_too);
        tcase_add_test(tcase, tls_can_be_wanted_after_a_plain_connection);
        suite_add_tcase(suite, tcase);
        return suite_run(suite);
}
