/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A hub on a loopback port in this process, and devices in another one. Alice and Bob have tokens;
 * with many others, who have no devices, they are in the group "crowd". Fails if the hub sleeps
 * while it has something to write and no timer for it.
 */

#include "hub/hub.h"
#include "rig/wsclient.h"

#define WAIT_MS 10000
#define DEVICES 20
#define CONNECTIONS_MAX (2 * DEVICES) /* of that hub */

extern Hub *loopback_hub;
extern char alices_token[TOKEN_LENGTH + 1], bobs_token[TOKEN_LENGTH + 1];
/* If set, called when the devices send SIGUSR1. */
extern void (*loopback_on_signal)(void);

/*
 * Runs the hub until `devices` returns in another process; fails if that is not 0. `devices`
 * returns the number of the step that failed.
 */
void while_devices(int (*devices)(uint16_t port));

int hello(WsClient *client, const char *whose, int device);
/* Connects and says hello. NULL: failed. */
WsClient *say_hello_as(uint16_t port, const char *whose, int device);
WsClient *say_hello(uint16_t port, int device); /* as Alice */

/* The next message is there within WAIT_MS, and has this part. */
bool next_has(WsClient *client, const char *part);
/* Reads until a message has this part. Returns it, or NULL; the caller frees. */
char *read_until(WsClient *client, const char *part);
bool skip_until(WsClient *client, const char *part);

#define UUID "0b7e6a52-90f7-4d4e-8f2c-0c9d7a1b2c3d" /* of the call */
/* Sends a request about it, with these members more. */
int say(WsClient *client, int id, const char *op, const char *members);
