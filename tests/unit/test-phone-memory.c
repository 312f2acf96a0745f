/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "failing-memory.h"
#include "phone-fixture.h"

/*
 * The n-th allocation fails, for each n: what returned -ENOMEM is repeated, and in the end the
 * state is the same as with enough memory.
 */

static unsigned n_until_failure; /* 0: none fails; allocations of Check do not count */

/* All actions of the phone in a story. */
static char trace[16384];

static void collect(Fixture *f)
{
        size_t n = strlen(trace);

        snprintf(trace + n, sizeof(trace) - n, "%s ", fixture_trace(f));
}

#define ALLOCATIONS_MAX 5000 /* in one story; more are an endless loop */

/* Repeats until there is memory; a failed try must have left nothing behind. */
#define AGAIN(expression)                              \
        do {                                           \
                memory_fails_at = n_until_failure;     \
                int _r = (expression);                 \
                n_until_failure = memory_fails_at;     \
                memory_fails_at = 0;                   \
                if (_r == 0)                           \
                        break;                         \
                ck_assert_int_eq(_r, -ENOMEM);         \
                ck_assert_uint_eq(n_until_failure, 0); \
        } while (true)

static void event(Fixture *f, Message *message)
{
        message->seq = ++f->seq;
        AGAIN(phone_message(f->phone, &f->instant, message));
}

static void replies(Fixture *f, MessageType to, Message *message)
{
        collect(f);
        message->type = MESSAGE_REPLY;
        message->id = f->ids[to];
        AGAIN(phone_message(f->phone, &f->instant, message));
}

static void asks_for(Fixture *f, PhoneCommand *asked)
{
        f->ticket++;
        AGAIN(phone_command(f->phone, &f->instant, asked, f->ticket));
}

static void listens(Fixture *f)
{
        PhoneListener listener = {.id = "window", .client = ":1.2", .path = "/", .presents = true};
        const char *text;

        AGAIN(phone_listener_add(f->phone, &f->instant, &listener, false, &text));
}

/* A call arrives with metadata, is answered and joined; a participant comes, signals, ends it. */
static void story_of_an_answer(Fixture *f)
{
        MetadataEntry entry = {(char[]){"topic"}, (char[]){"lunch"}};
        Message message = {.type = MESSAGE_INCOMING, .call = incoming(CALL, CALL_STATUS_INITIATED)};
        Participant other = {.id = "alice-1"};
        IceServer server = {.url = "stun:127.0.0.1"};
        PhoneCommand accept = asks(PHONE_COMMAND_ACCEPT, CALL);

        listens(f);
        message.call.record.metadata = (Metadata){&entry, 1};
        event(f, &message);
        AGAIN(phone_tone_playing(f->phone, &f->instant, PHONE_TONE_RING, true));
        accept.accept.request.join = true;
        asks_for(f, &accept);
        message.reply =
                (MessageReply){.kind = REPLY_CALL, .call = incoming(CALL, CALL_STATUS_ONGOING)};
        replies(f, MESSAGE_ACCEPT, &message);
        message.reply = (MessageReply){.kind = REPLY_JOIN,
                                       .join = {.participant = "me",
                                                .others = &other,
                                                .n_others = 1,
                                                .ice_servers = &server,
                                                .n_ice_servers = 1}};
        replies(f, MESSAGE_JOIN, &message);

        message = (Message){.type = MESSAGE_JOINED, .participant.participant.id = "alice-2"};
        STR_SET(message.participant.session_id, CALL);
        event(f, &message);
        AGAIN(phone_worker_signal(f->phone, &f->instant, CALL, "alice-2", "{}"));
        AGAIN(phone_worker_participant(
                f->phone, &f->instant, CALL, "alice-2",
                &(ParticipantMedia){.connected = true, .speaking = true, .audio_node = "n"}));
        message = (Message){.type = MESSAGE_SIGNALLED,
                            .signal = {.peer = "alice-2", .data = (char[]){"{}"}}};
        STR_SET(message.signal.session_id, CALL);
        event(f, &message);
        message = (Message){.type = MESSAGE_OVER, .over = {.status = CALL_STATUS_ENDED}};
        STR_SET(message.over.session_id, CALL);
        event(f, &message);
        message = (Message){.type = MESSAGE_LOGGED, .logged = {.metadata = {&entry, 1}}};
        event(f, &message);
}

/* A call is placed with metadata, the hub returns without it, and history is forgotten. */
static void story_of_a_restart(Fixture *f)
{
        MetadataEntry entry = {(char[]){"topic"}, (char[]){"lunch"}};
        Message message = {}, welcome = {.type = MESSAGE_REPLY, .id = HELLO_ID};
        CallRecord record = {.session_id = OTHER, .metadata = {&entry, 1}};
        char ids[1][UUID_LENGTH + 1] = {OTHER};
        PhoneCommand place = asks(PHONE_COMMAND_INITIATE, CALL);
        PhoneCommand seen = asks(PHONE_COMMAND_SEEN, "");

        STR_SET(place.initiate.request.session_id, CALL);
        place.initiate.request.metadata = (Metadata){&entry, 1};
        asks_for(f, &place);
        message.reply =
                (MessageReply){.kind = REPLY_CALL, .call = outgoing(CALL, CALL_STATUS_INITIATED)};
        message.reply.call.record.metadata = (Metadata){&entry, 1};
        replies(f, MESSAGE_INITIATE, &message);
        AGAIN(phone_connection_changed(f->phone, &f->instant, PHONE_OFFLINE, "gone"));
        seen.sessions = (MessageSessions){ids, 1};
        asks_for(f, &seen);
        welcome.reply.kind = REPLY_WELCOME;
        welcome.reply.welcome.history = &record;
        welcome.reply.welcome.n_history = 1;
        welcome.reply.welcome.history_complete = true;
        AGAIN(phone_message(f->phone, &f->instant, &welcome));
        message = (Message){.type = MESSAGE_FORGOTTEN, .sessions = {ids, 1}};
        f->seq = 0;
        event(f, &message);
        AGAIN(phone_connection_changed(f->phone, &f->instant, PHONE_LOGGED_OUT, ""));
}

/* The store's turn, if it waited for memory; then another phone, from the store. */
static void starts_over(Fixture *f, bool worker)
{
        AGAIN(phone_tick(f->phone, &f->instant));
        collect(f);
        f->phone = phone_free(f->phone);
        AGAIN(phone_new(&f->phone));
        for (size_t i = 0; i < ELEMENTSOF(f->store.states); i++) {
                if (*f->store.states[i].record.session_id)
                        AGAIN(phone_restore_call(f->phone, &f->instant, &f->store.states[i],
                                                 worker));
        }
        for (size_t i = 0; i < ELEMENTSOF(f->store.requests); i++) {
                if (f->store.requests[i].type != MESSAGE_NONE)
                        AGAIN(phone_restore_request(f->phone, &f->instant, &f->store.requests[i]));
        }
        collect(f);
}

static CallSnapshot of_group(CallSnapshot snapshot)
{
        snapshot.record.receiver_type = RECEIVER_TYPE_GROUP;
        STR_SET(snapshot.record.receiver.uid, "family");
        return snapshot;
}

/* The user blocks somebody, and marks missed calls as seen without the hub. */
static void blocks_and_sees(Fixture *f)
{
        char ids[1][UUID_LENGTH + 1] = {OTHER};
        PhoneCommand block = asks(PHONE_COMMAND_BLOCK, ""), seen = asks(PHONE_COMMAND_SEEN, "");
        Message message = {.reply.kind = REPLY_PLAIN};

        block.block = (MessageBlock){.uid = "mallory", .on = true};
        asks_for(f, &block);
        replies(f, MESSAGE_BLOCK, &message);
        AGAIN(phone_connection_changed(f->phone, &f->instant, PHONE_OFFLINE, "gone"));
        seen.sessions = (MessageSessions){ids, 1};
        asks_for(f, &seen);
}

/* A group's call is joined late, and survives two restarts of the daemon. */
static void story_of_a_group(Fixture *f)
{
        MetadataEntry entry = {(char[]){"topic"}, (char[]){"lunch"}};
        CallSnapshot call = of_group(incoming(CALL, CALL_STATUS_ONGOING));
        Member members[] = {{.uid = "carol"}, {.uid = "dave"}};
        Participant other = {.id = "carol-1"};
        GroupName group = {.guid = "family"};
        PhoneCommand accept = asks(PHONE_COMMAND_ACCEPT, CALL);
        Message message = {.reply = {.kind = REPLY_CALL, .call = call}};

        message.reply.call.record.metadata = (Metadata){&entry, 1};
        asks_for(f, &accept);
        replies(f, MESSAGE_ACCEPT, &message);
        message.reply = (MessageReply){
                .kind = REPLY_JOIN, .join = {.participant = "me", .others = &other, .n_others = 1}};
        replies(f, MESSAGE_JOIN, &message);
        message =
                (Message){.type = MESSAGE_MEMBERS, .members = {.members = members, .n_members = 2}};
        STR_SET(message.members.session_id, CALL);
        event(f, &message);
        AGAIN(phone_worker_participant(
                f->phone, &f->instant, CALL, "carol-1",
                &(ParticipantMedia){.connected = true, .speaking = false, .audio_node = "n"}));
        blocks_and_sees(f);
        starts_over(f, true);
        starts_over(f, false);

        message = (Message){.type = MESSAGE_REPLY, .id = HELLO_ID};
        message.reply = (MessageReply){.kind = REPLY_WELCOME,
                                       .welcome = {.calls = &call,
                                                   .n_calls = 1,
                                                   .groups = &group,
                                                   .n_groups = 1,
                                                   .history_complete = true}};
        AGAIN(phone_message(f->phone, &f->instant, &message));
        collect(f);
        f->seq = 0;
        message = (Message){.type = MESSAGE_GROUPS, .groups = {&group, 1}};
        event(f, &message);
        message = (Message){.type = MESSAGE_OVER, .over = {.status = CALL_STATUS_ENDED}};
        STR_SET(message.over.session_id, CALL);
        event(f, &message);
        AGAIN(phone_tick(f->phone, &f->instant));
        collect(f);
        ck_assert_uint_eq(stored_calls(f), 0);
        ck_assert_uint_eq(stored_requests(f), 1);
}

typedef void (*Story)(Fixture *f);

static const Story stories[] = {story_of_an_answer, story_of_a_restart, story_of_a_group};

static int compare_words(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * The words in alphabetical order: one message to the hub may wait for memory longer than another.
 * A welcome that is repeated may store history again, which replaces it.
 */
static void sort_words(char *text)
{
        char copy[sizeof(trace)], *words[1000], *rest = NULL;
        size_t n = 0;

        STR_SET(copy, text);
        for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
                if (strncmp(word, "history:", strlen("history:")) != 0)
                        words[n++] = word;
        }
        qsort(words, n, sizeof(*words), compare_words);
        *text = '\0';
        for (size_t i = 0; i < n; i++) {
                strcat(text, words[i]);
                strcat(text, " ");
        }
}

/* The story with the n-th allocation failing. Returns whether an allocation failed. */
static bool play(Story story, unsigned long n)
{
        Fixture *f = fixture_online();
        bool failed;

        *trace = '\0';
        n_until_failure = n;
        story(f);
        failed = n > 0 && n_until_failure == 0;
        collect(f);
        sort_words(trace);
        fixture_free(f);
        return failed;
}

START_TEST(whichever_allocation_fails_the_story_is_the_same)
{
        char expected[sizeof(trace)];
        unsigned long n = 1;

        play(stories[_i], 0);
        memcpy(expected, trace, sizeof(trace));
        while (play(stories[_i], n)) {
                ck_assert_msg(str_eq(trace, expected), "allocation %lu:\n%s\nand not\n%s", n, trace,
                              expected);
                ck_assert_uint_lt(n++, ALLOCATIONS_MAX);
        }
        /* At least one allocation failed. */
        ck_assert_uint_gt(n, 20);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("phone");
        TCase *memory = tcase_create("memory");

        tcase_add_loop_test(memory, whichever_allocation_fails_the_story_is_the_same, 0,
                            ELEMENTSOF(stories));
        suite_add_tcase(suite, memory);
        return suite_run(suite);
}
