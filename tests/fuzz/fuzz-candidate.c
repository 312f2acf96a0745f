/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ICE candidates of the other side, as they reach libnice through webrtcbin: the input is the line
 * of one candidate.
 */
#include <nice/agent.h>

#include "base/cleanup.h"
#include "fuzz.h"

/* One for all inputs: it is not changed by reading a candidate. */
static NiceAgent *agent;
static guint stream;

static void make_agent(void)
{
        agent = nice_agent_new(NULL, NICE_COMPATIBILITY_RFC5245);
        stream = nice_agent_add_stream(agent, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        FuzzInput input = {data, size};
        _cleanup_free_ char *line = fuzz_rest(&input);
        g_autofree char *attribute = NULL, *again = NULL;
        NiceCandidate *candidate;

        if (!agent)
                make_agent();
        if (!line)
                return 0;
        attribute = g_strdup_printf("a=%s", line);
        candidate = nice_agent_parse_remote_candidate_sdp(agent, stream, attribute);
        if (!candidate)
                return 0;
        again = nice_agent_generate_local_candidate_sdp(agent, candidate);
        fuzz_must(again);
        nice_candidate_free(candidate);
        return 0;
}
