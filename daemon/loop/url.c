/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/url.h"

#include <arpa/inet.h>
#include <errno.h>

#include "base/str.h"

#define PORT_DIGITS 5

static int refuse(const char **ret_text, const char *sentence)
{
        *ret_text = sentence;
        return -EINVAL;
}

/* Reads a name, an IPv4 address, or an IPv6 address in brackets, and moves *s past it. */
static int parse_host(const char **s, Url *url, const char **ret_text)
{
        bool brackets = **s == '[';
        const char *host = *s + brackets;
        size_t length = strcspn(host, brackets ? "]" : ":/?");

        if (length == 0)
                return refuse(ret_text, "the URL has no host");
        if (length > URL_HOST_MAX)
                return refuse(ret_text, "the host in the URL is longer than 127 bytes");
        if (brackets && host[length] != ']')
                return refuse(ret_text, "the URL's '[' has no ']'");
        memcpy(url->host, host, length);
        url->host[length] = '\0';
        *s = host + length + brackets;
        return 0;
}

static int parse_port(const char **s, uint16_t default_port, Url *url, const char **ret_text)
{
        unsigned port = 0;
        size_t n;

        url->port = default_port;
        if (**s != ':')
                return 0;
        n = strspn(*s + 1, "0123456789");
        for (size_t i = 1; i <= n && n <= PORT_DIGITS; i++)
                port = port * 10 + (unsigned)((*s)[i] - '0');
        if (n == 0 || n > PORT_DIGITS || port == 0 || port > UINT16_MAX)
                return refuse(ret_text, "the port in the URL is not a number from 1 to 65535");
        url->port = (uint16_t)port;
        *s += n + 1;
        return 0;
}

static int check_host(Url *url, bool brackets, const char **ret_text)
{
        struct in_addr v4;
        struct in6_addr v6;

        if (brackets) {
                if (inet_pton(AF_INET6, url->host, &v6) != 1)
                        return refuse(ret_text,
                                      "the brackets in the URL do not hold an IPv6 address");
                /* libwebsockets verifies the name only up to its first colon. */
                if (url->tls)
                        return refuse(ret_text, "wss:// needs a name or an IPv4 address");
                url->literal = true;
                url->loopback = IN6_IS_ADDR_LOOPBACK(&v6);
        } else if (inet_pton(AF_INET, url->host, &v4) == 1) {
                url->literal = true;
                url->loopback = ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
        } else if (strcasecmp(url->host, "localhost") == 0) {
                url->literal = url->loopback = true;
        } else {
                static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                              "0123456789.-_";

                if (url->host[strspn(url->host, letters)] != '\0')
                        return refuse(ret_text, "the host in the URL has characters that are not "
                                                "allowed in a host name");
        }
        return 0;
}

int url_parse(const char *s, uint16_t default_port, const char *default_path, Url *ret,
              const char **ret_text)
{
        Url url = {0};

        if (strlen(s) > URL_MAX)
                return refuse(ret_text, "the URL is longer than 1024 bytes");
        for (const char *c = s; *c; c++)
                if (*c <= ' ' || *c >= 0x7f)
                        return refuse(ret_text,
                                      "the URL has characters that are not allowed in a URL");

        if (strncasecmp(s, "wss://", 6) == 0)
                url.tls = true;
        else if (strncasecmp(s, "ws://", 5) != 0)
                return refuse(ret_text, "the URL does not begin with ws:// or wss://");
        s += url.tls ? 6 : 5;
        if (s[strcspn(s, "#@")] != '\0')
                return refuse(ret_text, "the URL may have neither '@' nor '#'");

        bool brackets = *s == '[';
        int r = parse_host(&s, &url, ret_text);
        if (r == 0)
                r = parse_port(&s, default_port, &url, ret_text);
        if (r == 0)
                r = check_host(&url, brackets, ret_text);
        if (r < 0)
                return r;
        if (*s != '\0' && *s != '/')
                return refuse(ret_text, "only a path may follow the host in the URL");
        r = STR_SET(url.path, *s == '\0' || str_eq(s, "/") ? default_path : s);
        if (r < 0)
                return refuse(ret_text, "the path is longer than 1024 bytes");
        *ret = url;
        return 0;
}
