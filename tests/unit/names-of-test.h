/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Names that the test knows, in place of a name server: "v4.test" is 192.0.2.7, "v6.test" is
 * 2001:db8::1, "slow.test" is answered when the test ends, and others do not exist. For programs
 * linked with --wrap=getaddrinfo.
 */

unsigned names_asked(void); /* questions so far */
