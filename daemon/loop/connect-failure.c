/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/connect-failure.h"

#include <netdb.h>
#include <stdio.h>

#include "base/cleanup.h"

static const struct {
        unsigned first, last; /* HTTP statuses; the first row that holds one counts */
        const char *sentence; /* behind the number */
} answers[] = {
        {101, 101, ": it agrees to a WebSocket, but breaks the protocol"},
        {200, 200, " OK: a web page, no hub; does this network want a login in a browser?"},
        {200, 299, ": a web server, no hub; does this network want a login in a browser?"},
        {300, 399, " (elsewhere): no hub; does this network want a login in a browser?"},
        {400, 400, " Bad Request: a web server, no hub, or one that wants wss://"},
        {401, 401, " Unauthorized: a server before the hub wants a password of its own"},
        {403, 403, " Forbidden: a server before the hub lets nobody in from here"},
        {404, 404, " Not Found: there is no hub at this path; the usual one is /v1/ws"},
        {426, 426, " Upgrade Required: the proxy there does not pass WebSocket upgrades"},
        {429, 429, " Too Many Requests: a server before the hub turns new connections away"},
        {502, 502,
         " Bad Gateway: no hub behind this proxy, or it does not pass WebSocket upgrades"},
        {503, 503, " Service Unavailable: the hub behind this proxy is down, or has no room"},
        {504, 504, " Gateway Timeout: the hub behind this proxy does not answer"},
        {511, 511, ": this network wants a login in a browser"},
};

static const char *const silences[] = {
        [CONNECT_TCP] = "nobody answers there",
        [CONNECT_TLS] = "no TLS on this port, or none that this machine takes",
        [CONNECT_UPGRADE] = "what listens there hangs up, or is no web server; is the port right?",
};

const char *connect_failure_text(ConnectStage stage, unsigned status,
                                 char buffer[static CONNECT_FAILURE_MAX + 1])
{
        const char *sentence = ": a web server answers there, and no hub";
        size_t i = 0;

        if (status == 0) {
                (void)snprintf(buffer, CONNECT_FAILURE_MAX + 1, "%s", silences[stage]);
                return buffer;
        }
        while (i < ELEMENTSOF(answers) && (status < answers[i].first || status > answers[i].last))
                i++;
        if (i < ELEMENTSOF(answers))
                sentence = answers[i].sentence;
        (void)snprintf(buffer, CONNECT_FAILURE_MAX + 1, "%u%s", status, sentence);
        return buffer;
}

const char *connect_failure_lookup_text(int error)
{
        switch (error) {
        case EAI_NONAME:
#ifdef EAI_NODATA
        case EAI_NODATA:
#endif
                return "there is no such name";
        case EAI_AGAIN:
                return "no name server answers; is this machine online?";
        case EAI_MEMORY:
                return "out of memory";
        default:
                return "its name cannot be looked up";
        }
}
