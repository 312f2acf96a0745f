/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/certificate.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include "base/str.h"
#include "suite.h"

#define DAY_S (24 * 3600)

static char folder[64], chain_file[96], key_file[96];
static Certificate *certificate;

static EVP_PKEY *make_key(const char *type)
{
        return str_eq(type, "RSA") ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
}

static X509 *make_certificate(EVP_PKEY *key, const char *name, long seconds)
{
        X509 *x509 = X509_new();

        X509_set_version(x509, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
        X509_gmtime_adj(X509_getm_notBefore(x509), -DAY_S);
        X509_gmtime_adj(X509_getm_notAfter(x509), seconds);
        X509_set_pubkey(x509, key);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                                   (const unsigned char *)name, -1, -1, 0);
        X509_set_issuer_name(x509, X509_get_subject_name(x509));
        ck_assert_int_gt(X509_sign(x509, key, EVP_sha256()), 0);
        return x509;
}

/* Writes to a new file that takes the old one's place, as certbot does. */
static FILE *replace(const char *path)
{
        (void)unlink(path);
        FILE *file = fopen(path, "we");

        ck_assert_ptr_nonnull(file);
        return file;
}

static void write_pair(const char *type, const char *name, long seconds)
{
        _cleanup_(fclosep) FILE *chain = replace(chain_file);
        _cleanup_(fclosep) FILE *keys = replace(key_file);
        EVP_PKEY *key = make_key(type);
        X509 *x509 = make_certificate(key, name, seconds);

        ck_assert_int_eq(PEM_write_X509(chain, x509), 1);
        ck_assert_int_eq(PEM_write_PrivateKey(keys, key, NULL, NULL, 0, NULL, NULL), 1);
        X509_free(x509);
        EVP_PKEY_free(key);
}

static void setup(void)
{
        strcpy(folder, "/tmp/test-certificate-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(folder));
        (void)snprintf(chain_file, sizeof(chain_file), "%s/chain.pem", folder);
        (void)snprintf(key_file, sizeof(key_file), "%s/key.pem", folder);
        ck_assert_int_eq(certificate_new(&certificate), 0);
}

static void teardown(void)
{
        certificate = certificate_free(certificate);
        (void)unlink(chain_file);
        (void)unlink(key_file);
        ck_assert_int_eq(rmdir(folder), 0);
}

static void read_files(void)
{
        _cleanup_free_ char *text = NULL;

        ck_assert_msg(certificate_read(certificate, chain_file, key_file, &text) == 0, "%s", text);
}

/* Moves what one end has written to the other. */
static void pass(SSL *from, SSL *to)
{
        char buffer[16384];
        int n;

        while ((n = BIO_read(SSL_get_wbio(from), buffer, sizeof(buffer))) > 0)
                ck_assert_int_eq(BIO_write(SSL_get_rbio(to), buffer, n), n);
}

static SSL *new_end(SSL_CTX *context)
{
        SSL *end = SSL_new(context);

        SSL_set_bio(end, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        return end;
}

/* The server keeps its context, as libwebsockets does. Expects that a new client sees `name`. */
static void expect_shown(SSL_CTX *context, const char *name)
{
        SSL_CTX *client_context = SSL_CTX_new(TLS_client_method());
        SSL *server = new_end(context), *client = new_end(client_context);
        char shown[64];

        SSL_set_accept_state(server);
        SSL_set_connect_state(client);
        for (int i = 0; i < 4; i++) {
                (void)SSL_do_handshake(client);
                pass(client, server);
                (void)SSL_do_handshake(server);
                pass(server, client);
        }
        ck_assert(SSL_is_init_finished(client));
        X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(client)),
                                  NID_commonName, shown, sizeof(shown));
        ck_assert_str_eq(shown, name);
        SSL_free(server);
        SSL_free(client);
        SSL_CTX_free(client_context);
}

START_TEST(each_new_connection_gets_the_newest_certificate)
{
        static const char *const types[] = {"EC", "EC", "RSA", "EC"};
        SSL_CTX *context = SSL_CTX_new(TLS_server_method());
        char name[32];

        /* One with a key of the kind that clients prefer must not stay beside it. */
        write_pair("EC", "own", DAY_S);
        ck_assert_int_eq(SSL_CTX_use_certificate_chain_file(context, chain_file), 1);
        ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM), 1);
        write_pair("RSA", "first", DAY_S);
        read_files();
        ck_assert_int_eq(certificate_use(certificate, context), 0);
        expect_shown(context, "first");
        for (size_t i = 0; i < ELEMENTSOF(types); i++) {
                _cleanup_free_ char *text = NULL;

                (void)snprintf(name, sizeof(name), "%s %zu", types[i], i);
                ck_assert(!certificate_is_renewed(certificate));
                write_pair(types[i], name, DAY_S);
                ck_assert(certificate_is_renewed(certificate));
                ck_assert_int_eq(certificate_renew(certificate, &text), 0);
                expect_shown(context, name);
        }
        SSL_CTX_free(context);
}
END_TEST

START_TEST(a_broken_certificate_leaves_the_old_one)
{
        SSL_CTX *context = SSL_CTX_new(TLS_server_method());
        _cleanup_free_ char *no_pem = NULL, *no_match = NULL, *gone = NULL, *text = NULL;
        char other[96];

        write_pair("EC", "old", DAY_S);
        read_files();
        ck_assert_int_eq(certificate_use(certificate, context), 0);

        (void)snprintf(other, sizeof(other), "%s/other.pem", folder);
        ck_assert_int_eq(rename(key_file, other), 0);
        ck_assert_int_lt(certificate_renew(certificate, &gone), 0);
        ck_assert_ptr_nonnull(strstr(gone, key_file));
        write_pair("EC", "new", DAY_S);
        ck_assert_int_eq(rename(other, key_file), 0);
        ck_assert_int_lt(certificate_renew(certificate, &no_match), 0);
        ck_assert_ptr_nonnull(strstr(no_match, "does not have the key"));
        fclose(replace(chain_file));
        ck_assert_int_lt(certificate_renew(certificate, &no_pem), 0);
        ck_assert_ptr_nonnull(strstr(no_pem, "cannot read a certificate (PEM)"));
        expect_shown(context, "old");

        /* It is tried until it works. */
        ck_assert(certificate_is_renewed(certificate));
        write_pair("EC", "good", DAY_S);
        ck_assert(certificate_is_renewed(certificate));
        ck_assert_int_eq(certificate_renew(certificate, &text), 0);
        expect_shown(context, "good");
        SSL_CTX_free(context);
}
END_TEST

START_TEST(a_key_of_another_kind_leaves_the_old_certificate)
{
        static const char *const kinds[][2] = {{"RSA", "EC"}, {"EC", "RSA"}};
        SSL_CTX *context = SSL_CTX_new(TLS_server_method());
        _cleanup_free_ char *text = NULL;
        char other[96];

        write_pair("EC", "old", DAY_S);
        read_files();
        ck_assert_int_eq(certificate_use(certificate, context), 0);
        write_pair(kinds[_i][1], "key", DAY_S);
        (void)snprintf(other, sizeof(other), "%s/other.pem", folder);
        ck_assert_int_eq(rename(key_file, other), 0);
        write_pair(kinds[_i][0], "chain", DAY_S);
        ck_assert_int_eq(rename(other, key_file), 0);
        ck_assert_int_lt(certificate_renew(certificate, &text), 0);
        ck_assert_ptr_nonnull(strstr(text, "does not have the key"));
        expect_shown(context, "old");
        SSL_CTX_free(context);
}
END_TEST

START_TEST(a_key_with_a_password_asks_nobody)
{
        _cleanup_free_ char *text = NULL;
        EVP_PKEY *key = make_key("EC");

        write_pair("EC", "x", DAY_S);
        FILE *file = replace(key_file);
        ck_assert_int_eq(PEM_write_PrivateKey(file, key, EVP_aes_128_cbc(),
                                              (const unsigned char *)"secret", 6, NULL, NULL),
                         1);
        fclose(file);
        EVP_PKEY_free(key);
        ck_assert_int_eq(certificate_read(certificate, chain_file, key_file, &text), -EBADMSG);
        ck_assert_ptr_nonnull(strstr(text, "without a password"));
}
END_TEST

START_TEST(its_end_is_said_from_two_weeks_before_once_a_day)
{
        usec_t date = clock_realtime() + 3600 * USEC_PER_SEC, now = 5;
        usec_t day = DAY_S * USEC_PER_SEC;
        _cleanup_free_ char *early = NULL, *first = NULL, *soon = NULL, *next = NULL, *late = NULL;

        write_pair("EC", "x", 20 * DAY_S);
        read_files();
        early = certificate_warning(certificate, date + 5 * day, now);
        ck_assert_ptr_null(early);
        first = certificate_warning(certificate, date + 6 * day, now);
        ck_assert_msg(first && strstr(first, chain_file) && strstr(first, " expires on 2"), "%s",
                      first);
        soon = certificate_warning(certificate, date + 7 * day, now + day - 1);
        ck_assert_ptr_null(soon);
        next = certificate_warning(certificate, date + 7 * day, now + day);
        ck_assert_ptr_nonnull(next);
        late = certificate_warning(certificate, date + 21 * day, now + 9 * day);
        ck_assert_msg(late && strstr(late, " has expired on 2"), "%s", late);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("certificate");
        TCase *tests = tcase_create("certificate");

        tcase_set_timeout(tests, 60); /* RSA keys take their time on a busy machine */
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, each_new_connection_gets_the_newest_certificate);
        tcase_add_test(tests, a_broken_certificate_leaves_the_old_one);
        tcase_add_loop_test(tests, a_key_of_another_kind_leaves_the_old_certificate, 0, 2);
        tcase_add_test(tests, a_key_with_a_password_asks_nobody);
        tcase_add_test(tests, its_end_is_said_from_two_weeks_before_once_a_day);
        suite_add_tcase(suite, tests);
        return suite_run(suite);
}
