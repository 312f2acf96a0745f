/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/str.h"

#define PORT_DIGITS 5
#define HUB_PATH "v1/ws" /* below the folder of the hub's page */

static bool begins(const char *s, const char *prefix)
{
        return strncasecmp(s, prefix, strlen(prefix)) == 0;
}

/* The address of a page: `rest` begins with its host, and without a port it is at `port`. */
static int complete_page(const char *scheme, const char *rest, const char *port, char *ret)
{
        size_t host = strcspn(rest, "/?#");
        const char *brackets = memchr(rest, ']', host);
        const char *name_end = brackets ? brackets : rest;
        bool has_port = memchr(name_end, ':', host - (size_t)(name_end - rest)) != NULL;
        const char *path = rest[host] == '\0' ? "/" : rest + host;
        bool is_folder = path[strlen(path) - 1] == '/' && !strpbrk(path, "?#");
        int n = snprintf(ret, URL_MAX + 1, "%s%.*s%s%s%s", scheme, (int)host, rest,
                         has_port ? "" : port, path, is_folder ? HUB_PATH : "");

        return n > URL_MAX ? -E2BIG : 0;
}

static int complete_host(const char *typed, char *ret)
{
        bool here = begins(typed, "localhost") || begins(typed, "127.") || begins(typed, "[::1]");
        int n = snprintf(ret, URL_MAX + 1, "%s%s", here ? "ws://" : "wss://", typed);

        return n > URL_MAX ? -E2BIG : 0;
}

int url_complete(const char *typed, char ret[static URL_MAX + 1])
{
        static const char slash_behind[] = "/" HUB_PATH "/";
        size_t length = strlen(typed);
        char copy[URL_MAX + 1];

        if (length > URL_MAX)
                return -E2BIG;
        memcpy(copy, typed, length + 1);
        if (length >= strlen(slash_behind) &&
            str_eq(copy + length - strlen(slash_behind), slash_behind))
                copy[length - 1] = '\0';
        if (begins(copy, "https://"))
                return complete_page("wss://", copy + strlen("https://"), ":443", ret);
        if (begins(copy, "http://"))
                return complete_page("ws://", copy + strlen("http://"), ":80", ret);
        if (*copy == '/')
                return snprintf(ret, URL_MAX + 1, "ws+unix:%s", copy) > URL_MAX ? -E2BIG : 0;
        if (str_empty(copy) || strstr(copy, ":/"))
                return str_copy(ret, URL_MAX + 1, copy);
        return complete_host(copy, ret);
}

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

/* `s` follows ws+unix: */
static int parse_socket(const char *s, const char *default_path, Url *url, const char **ret_text)
{
        size_t length;

        if (begins(s, "///"))
                s += strlen("//");
        length = strcspn(s, ":?#");
        if (*s != '/' || s[1] == '/' || length == 1)
                return refuse(ret_text, "ws+unix: needs the absolute path of a socket");
        if (length > URL_SOCKET_MAX)
                return refuse(ret_text,
                              "the path of the socket in the URL is longer than 107 bytes");
        if (s[length] != '\0' && !begins(s + length, ":/"))
                return refuse(ret_text, "only ':' and a path may follow the socket in the URL");
        memcpy(url->host, s, length);
        url->host[length] = '\0';
        url->is_socket = url->literal = url->loopback = true;
        if (STR_SET(url->path, s[length] == '\0' ? default_path : s + length + 1) < 0)
                return refuse(ret_text, "the path is longer than 1024 bytes");
        return 0;
}

static int parse_authority(const char *s, uint16_t default_port, const char *default_path, Url *url,
                           const char **ret_text)
{
        bool brackets = *s == '[';
        int r;

        if (s[strcspn(s, "#@")] != '\0')
                return refuse(ret_text, "the URL may have neither '@' nor '#'");
        r = parse_host(&s, url, ret_text);
        if (r == 0)
                r = parse_port(&s, default_port, url, ret_text);
        if (r == 0)
                r = check_host(url, brackets, ret_text);
        if (r < 0)
                return r;
        if (*s != '\0' && *s != '/')
                return refuse(ret_text, "only a path may follow the host in the URL");
        if (STR_SET(url->path, *s == '\0' || str_eq(s, "/") ? default_path : s) < 0)
                return refuse(ret_text, "the path is longer than 1024 bytes");
        return 0;
}

int url_parse(const char *s, uint16_t default_port, const char *default_path, Url *ret,
              const char **ret_text)
{
        Url url = {0};
        int r;

        if (strlen(s) > URL_MAX)
                return refuse(ret_text, "the URL is longer than 1024 bytes");
        for (const char *c = s; *c; c++)
                if (*c & 0x80)
                        return refuse(ret_text, "the URL has letters beyond ASCII: write a name "
                                                "that has some in its form with xn--");
                else if (*c <= ' ' || *c == 0x7f)
                        return refuse(ret_text,
                                      "the URL has characters that are not allowed in a URL");

        url.tls = begins(s, "wss://");
        if (begins(s, "ws+unix:"))
                r = parse_socket(s + strlen("ws+unix:"), default_path, &url, ret_text);
        else if (url.tls || begins(s, "ws://"))
                r = parse_authority(strstr(s, "//") + 2, default_port, default_path, &url,
                                    ret_text);
        else
                r = refuse(ret_text, "the URL does not begin with wss://, ws:// or https://");
        if (r == 0)
                *ret = url;
        return r;
}
