/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * tringctl: controls this user's calls from a terminal, a script or a hotkey, through the public
 * D-Bus API alone. main.c parses the command line; each verb is a function that returns an exit
 * code.
 */

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

/* Documented in --help and tringctl(1); scripts rely on them. */
typedef enum ExitCode {
        EXIT_DONE,       /* done; for `call`: answered */
        EXIT_FAILED,     /* refused by the daemon, the hub or the bus */
        EXIT_USAGE,      /* invalid command line, or several calls fit */
        EXIT_REJECTED,   /* `call`: declined */
        EXIT_BUSY,       /* `call`: the receiver is on another call */
        EXIT_UNANSWERED, /* `call`: nobody answered in time */
        EXIT_NO_CALL,    /* there is no such call, or it is over */
        EXIT_CANCELLED,  /* `call`: cancelled, for instance by Ctrl-C */
} ExitCode;

/* Options that only some verbs take. */
typedef enum CtlOption {
        WITH_TOKEN_FILE = 1 << 0,
        WITH_DEVICE_NAME = 1 << 1,
        WITH_VIDEO = 1 << 2,
        WITH_TIMEOUT = 1 << 3,
        WITH_BUSY = 1 << 4,
        WITH_END_OTHERS = 1 << 5,
        WITH_MISSED = 1 << 6,
        WITH_LIMIT = 1 << 7,
        WITH_MARK_SEEN = 1 << 8,
        WITH_GROUP = 1 << 9,
} CtlOption;

typedef struct Arguments {
        char **words; /* the arguments after the verb */
        size_t n_words;
        const char *token_file, *device_name;
        int timeout; /* s; 0: the daemon's default */
        unsigned limit;
        unsigned options; /* CtlOption: those given */
        bool json;
} Arguments;

/* The i-th argument of the verb, or NULL. */
static inline const char *arguments_word(const Arguments *arguments, size_t i)
{
        return i < arguments->n_words ? arguments->words[i] : NULL;
}

int verb_login(sd_bus *bus, const Arguments *arguments);
int verb_logout(sd_bus *bus, const Arguments *arguments);
int verb_status(sd_bus *bus, const Arguments *arguments);
int verb_devices(sd_bus *bus, const Arguments *arguments);
int verb_dnd(sd_bus *bus, const Arguments *arguments);
int verb_test_ring(sd_bus *bus, const Arguments *arguments);
int verb_call(sd_bus *bus, const Arguments *arguments);
int verb_answer(sd_bus *bus, const Arguments *arguments);
int verb_decline(sd_bus *bus, const Arguments *arguments);
int verb_silence(sd_bus *bus, const Arguments *arguments);
int verb_hangup(sd_bus *bus, const Arguments *arguments);
int verb_mute(sd_bus *bus, const Arguments *arguments);
int verb_unmute(sd_bus *bus, const Arguments *arguments);
int verb_pause(sd_bus *bus, const Arguments *arguments);
int verb_unpause(sd_bus *bus, const Arguments *arguments);
int verb_history(sd_bus *bus, const Arguments *arguments);
int verb_listen(sd_bus *bus, const Arguments *arguments);
int verb_groups(sd_bus *bus, const Arguments *arguments);
int verb_block(sd_bus *bus, const Arguments *arguments);
int verb_who_may_ring(sd_bus *bus, const Arguments *arguments);
int verb_unblock(sd_bus *bus, const Arguments *arguments);
