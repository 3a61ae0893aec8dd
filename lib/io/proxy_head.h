/*
 * The line that a proxy sends before what its client sends, so that the server
 * knows who that is: the PROXY protocol, version 1 (haproxy.org, "The PROXY
 * protocol", §2.1). stunnel, HAProxy and nginx send it.
 */
#ifndef IO_PROXY_HEAD_H
#define IO_PROXY_HEAD_H

#include "base/addr.h"
#include "base/bytes.h"

enum { PROXY_HEAD_MAX = 107 };

/*
 * Takes the line. 1: done, and *client is the client's address, unchanged where
 * the proxy does not know it; 0: more bytes are needed, none was taken; -1: this
 * is no such line.
 */
int proxy_head_read(struct rd *r, struct addr *client);

#endif
