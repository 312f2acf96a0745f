/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/ice-lookup.h"

#include <errno.h>

#include "base/log.h"
#include "base/str.h"
#include "loop/resolve.h"
#include "model/ice-url.h"

#define ACCURACY_US (100 * USEC_PER_MSEC)

/* A name; servers often share one. */
typedef struct Name {
        IceLookup *lookup;
        char text[ICE_URL_MAX + 1], address[INET6_ADDRSTRLEN]; /* empty: none (yet) */
        Resolve *resolve;
} Name;

struct IceLookup {
        IceServer *servers;
        size_t *n;
        void (*done)(void *userdata);
        void *userdata;
        Name names[ICE_SERVERS_MAX];
        size_t n_names, n_left; /* left: without an answer */
        sd_event_source *timer;
};

bool ice_lookup_is_needed(const IceServer *servers, size_t n)
{
        char name[ICE_URL_MAX + 1];

        for (size_t i = 0; i < n; i++)
                if (ice_url_name(servers[i].url, name))
                        return true;
        return false;
}

static Name *find_name(IceLookup *lookup, const char *text)
{
        for (size_t i = 0; i < lookup->n_names; i++)
                if (str_eq(lookup->names[i].text, text))
                        return &lookup->names[i];
        return NULL;
}

/* Returns whether the server has an address now. */
static bool give_address(IceLookup *lookup, IceServer *server)
{
        char text[ICE_URL_MAX + 1], url[ICE_URL_MAX + 1];
        const Name *name;

        if (!ice_url_name(server->url, text))
                return true;
        name = find_name(lookup, text);
        if (!name || !name->address[0] || ice_url_with_address(server->url, name->address, url) < 0)
                return false;
        return STR_SET(server->url, url) == 0;
}

static void finish(IceLookup *lookup)
{
        size_t n = 0;

        lookup->timer = sd_event_source_disable_unref(lookup->timer);
        for (size_t i = 0; i < *lookup->n; i++) {
                if (give_address(lookup, &lookup->servers[i]))
                        lookup->servers[n++] = lookup->servers[i];
                else
                        log_fields(LOG_WARNING, "an ICE server is left out: it has no address",
                                   "URL=%s", lookup->servers[i].url, NULL);
        }
        *lookup->n = n;
        lookup->done(lookup->userdata);
}

static void on_resolved(void *userdata, const Addresses *addresses, const char *reason)
{
        Name *name = userdata;
        IceLookup *lookup = name->lookup;

        if (addresses)
                (void)STR_SET(name->address, addresses->text[0]);
        else
                log_fields(LOG_WARNING, "cannot look up an ICE server", "NAME=%s", name->text,
                           "WHY=%s", reason, NULL);
        if (--lookup->n_left == 0)
                finish(lookup);
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
        IceLookup *lookup = userdata;

        for (size_t i = 0; i < lookup->n_names; i++)
                lookup->names[i].resolve = resolve_free(lookup->names[i].resolve);
        finish(lookup);
        return 0;
}

static int ask_for_names(IceLookup *lookup, sd_event *event)
{
        int r = 0;

        for (size_t i = 0; i < *lookup->n && lookup->n_names < ICE_SERVERS_MAX && r >= 0; i++) {
                Name *name = &lookup->names[lookup->n_names];

                if (!ice_url_name(lookup->servers[i].url, name->text) ||
                    find_name(lookup, name->text))
                        continue;
                name->lookup = lookup;
                lookup->n_names++;
                lookup->n_left++;
                r = resolve_new(event, name->text, on_resolved, name, &name->resolve);
        }
        return r;
}

int ice_lookup_new(sd_event *event, IceServer *servers, size_t *n, void (*done)(void *userdata),
                   void *userdata, IceLookup **ret)
{
        _cleanup_(ice_lookup_freep) IceLookup *lookup = calloc(1, sizeof(*lookup));

        if (!lookup)
                return -ENOMEM;
        lookup->servers = servers;
        lookup->n = n;
        lookup->done = done;
        lookup->userdata = userdata;
        int r = sd_event_add_time_relative(event, &lookup->timer, CLOCK_MONOTONIC,
                                           ICE_LOOKUP_MAX_US, ACCURACY_US, on_time, lookup);
        if (r >= 0)
                r = ask_for_names(lookup, event);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(lookup);
        return 0;
}

IceLookup *ice_lookup_free(IceLookup *lookup)
{
        if (!lookup)
                return NULL;
        for (size_t i = 0; i < lookup->n_names; i++)
                resolve_free(lookup->names[i].resolve);
        sd_event_source_disable_unref(lookup->timer);
        free(lookup);
        return NULL;
}
