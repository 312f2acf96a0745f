/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hub/certificate.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/stat.h>
#include <time.h>

#include "base/str.h"

/* Tells two versions of a file apart; with links, those of the files that they lead to. */
typedef struct FileVersion {
        dev_t device;
        ino_t inode;
        off_t size;
        struct timespec changed;
} FileVersion;

struct Certificate {
        SSL_CTX *holder; /* of chain and key; NULL: none has been read */
        char *chain_file, *key_file;
        FileVersion chain_version, key_version;
        usec_t end; /* CLOCK_REALTIME */
        usec_t warned_at;
        bool has_warned;
};

int certificate_new(Certificate **ret)
{
        *ret = calloc(1, sizeof(**ret));
        return *ret ? 0 : -ENOMEM;
}

Certificate *certificate_free(Certificate *certificate)
{
        if (!certificate)
                return NULL;
        SSL_CTX_free(certificate->holder);
        free(certificate->chain_file);
        free(certificate->key_file);
        free(certificate);
        return NULL;
}

static FileVersion version_of(const char *path)
{
        FileVersion version;
        struct stat status;

        memset(&version, 0, sizeof(version));
        if (stat(path, &status) < 0)
                return version;
        version.device = status.st_dev;
        version.inode = status.st_ino;
        version.size = status.st_size;
        version.changed = status.st_mtim;
        return version;
}

static bool is_same(const FileVersion *a, const FileVersion *b)
{
        return a->device == b->device && a->inode == b->inode && a->size == b->size &&
               a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* Nobody can be asked for the password of a key. */
static int no_password(char *buffer, int size, int writing, void *userdata)
{
        return -1;
}

static int read_holder(const char *chain_file, const char *key_file, SSL_CTX **ret, char **ret_text)
{
        SSL_CTX *holder = SSL_CTX_new(TLS_server_method());
        int r = -EBADMSG;

        if (!holder)
                return -ENOMEM;
        SSL_CTX_set_default_passwd_cb(holder, no_password);
        if (SSL_CTX_use_certificate_chain_file(holder, chain_file) != 1) {
                *ret_text = str_printf("cannot read a certificate (PEM) from %s", chain_file);
        } else if (SSL_CTX_use_PrivateKey_file(holder, key_file, SSL_FILETYPE_PEM) != 1 ||
                   /* A key of another kind is taken, and has no certificate then. */
                   SSL_CTX_check_private_key(holder) != 1) {
                *ret_text = str_printf("cannot use %s: it does not have the key (PEM, without a "
                                       "password) of the certificate %s",
                                       key_file, chain_file);
        } else {
                *ret = TAKE_PTR(holder);
                r = 0;
        }
        ERR_clear_error();
        SSL_CTX_free(holder);
        return r;
}

static usec_t end_of(SSL_CTX *holder)
{
        struct tm tm;

        if (ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(holder)), &tm) != 1)
                return USEC_NEVER;
        time_t end = timegm(&tm);
        return end < 0 ? 0 : (usec_t)end * USEC_PER_SEC;
}

static int set_files(Certificate *certificate, const char *chain_file, const char *key_file)
{
        _cleanup_free_ char *chain_copy = strdup(chain_file), *key_copy = strdup(key_file);

        if (!chain_copy || !key_copy)
                return -ENOMEM;
        free(certificate->chain_file);
        free(certificate->key_file);
        certificate->chain_file = TAKE_PTR(chain_copy);
        certificate->key_file = TAKE_PTR(key_copy);
        return 0;
}

int certificate_read(Certificate *certificate, const char *chain_file, const char *key_file,
                     char **ret_text)
{
        /* The versions first: a change while it reads is found by the next look. */
        FileVersion chain_version = version_of(chain_file), key_version = version_of(key_file);
        SSL_CTX *holder;

        int r = read_holder(chain_file, key_file, &holder, ret_text);
        if (r < 0)
                return r;
        r = set_files(certificate, chain_file, key_file);
        if (r < 0) {
                SSL_CTX_free(holder);
                return r;
        }
        SSL_CTX_free(certificate->holder);
        certificate->holder = holder;
        certificate->chain_version = chain_version;
        certificate->key_version = key_version;
        certificate->end = end_of(holder);
        certificate->has_warned = false;
        return 0;
}

bool certificate_is_renewed(const Certificate *certificate)
{
        FileVersion chain_version = version_of(certificate->chain_file);
        FileVersion key_version = version_of(certificate->key_file);

        return !is_same(&chain_version, &certificate->chain_version) ||
               !is_same(&key_version, &certificate->key_version);
}

int certificate_renew(Certificate *certificate, char **ret_text)
{
        _cleanup_free_ char *chain_file = strdup(certificate->chain_file);
        _cleanup_free_ char *key_file = strdup(certificate->key_file);

        return chain_file && key_file
                       ? certificate_read(certificate, chain_file, key_file, ret_text)
                       : -ENOMEM;
}

/*
 * Called in each handshake. Clears first: the last certificate may have had a key of another kind,
 * and would stay beside the new one.
 */
static int on_handshake(SSL *tls, void *userdata)
{
        const Certificate *certificate = userdata;
        STACK_OF(X509) *chain = NULL;

        SSL_certs_clear(tls);
        if (SSL_CTX_get0_chain_certs(certificate->holder, &chain) != 1)
                return 0;
        return SSL_use_cert_and_key(tls, SSL_CTX_get0_certificate(certificate->holder),
                                    SSL_CTX_get0_privatekey(certificate->holder), chain, 1);
}

int certificate_use(Certificate *certificate, SSL_CTX *context)
{
        if (!certificate->holder)
                return -EINVAL;
        SSL_CTX_set_cert_cb(context, on_handshake, certificate);
        return 0;
}

char *certificate_warning(Certificate *certificate, usec_t date, usec_t now)
{
        usec_t end = certificate->end;
        char day[32] = "";
        struct tm tm;
        time_t seconds = (time_t)(end / USEC_PER_SEC);

        if (end == USEC_NEVER || date + CERTIFICATE_WARN_US < end)
                return NULL;
        if (certificate->has_warned && now - certificate->warned_at < CERTIFICATE_WARN_AGAIN_US)
                return NULL;
        certificate->has_warned = true;
        certificate->warned_at = now;
        if (gmtime_r(&seconds, &tm))
                (void)strftime(day, sizeof(day), "%F %R UTC", &tm);
        return str_printf("the certificate %s %s on %s", certificate->chain_file,
                          end <= date ? "has expired" : "expires", day);
}
