/* Where to listen, as people write it, and sockets bound there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/endpoint.h"

static void
test_parse(void **state)
{
	static const struct {
		const char *text;
		enum transport transport;
		const char *addr;
		uint16_t port;
	} good[] = {
	    {"127.0.0.1:2055", TRANSPORT_UDP, "127.0.0.1", 2055},
	    {"udp:127.0.0.1:2055", TRANSPORT_UDP, "127.0.0.1", 2055},
	    {"tcp:127.0.0.1:4739", TRANSPORT_TCP, "127.0.0.1", 4739},
	    {"tcp::4739", TRANSPORT_TCP, "::", 4739},
	    {"tcp:[2001:db8::1]:4739", TRANSPORT_TCP, "2001:db8::1", 4739},
	    {"proxy:[::1]:1", TRANSPORT_PROXY, "::1", 1},
	};
	static const char *const bad[] = {"tcp:", "tcp:4739", "tls:127.0.0.1:1", "tcp:tcp:127.0.0.1:1",
	    "TCP:127.0.0.1:1", "tcp:host.example:1", "tcp:127.0.0.1:65536",
	    "proxy:127.0.0.1:1-and-then-something-that-is-so-long-that-nobody-could-mean-it"};
	struct endpoint ep;
	struct err e;
	char text[ADDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(endpoint_parse(&ep, str_from(good[i].text), &e), 0);
		assert_int_equal(ep.transport, good[i].transport);
		assert_string_equal(addr_text(text, &ep.addr), good[i].addr);
		assert_int_equal(ep.port, good[i].port);
		assert_string_equal(ep.name, good[i].text);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(endpoint_parse(&ep, str_from(bad[i]), &e), -1);
}

static int
bound(struct endpoint *ep, const char *where, int type)
{
	struct err e;

	assert_int_equal(endpoint_parse(ep, str_from(where), &e), 0);
	int fd = endpoint_socket(ep, type);
	assert_int_not_equal(fd, -1);
	assert_int_equal(endpoint_bind(fd, ep), 0);
	return fd;
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_in6 in6 = {0};
	socklen_t len = sizeof in6;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&in6, &len), 0);
	return ntohs(in6.sin6_port);
}

static void
test_bind(void **state)
{
	struct endpoint ep;
	struct err e;

	(void)state;
	int fd = bound(&ep, "127.0.0.1:0", SOCK_DGRAM), second = endpoint_socket(&ep, SOCK_DGRAM);
	ep.port = port_of(fd);
	assert_int_equal(endpoint_bind(second, &ep), -1);
	assert_int_equal(errno, EADDRINUSE);
	assert_non_null(strstr(endpoint_remedy(errno), "another program"));
	assert_int_equal(endpoint_parse(&ep, STR("192.0.2.55:0"), &e), 0);
	assert_int_equal(endpoint_bind(second, &ep), -1);
	assert_int_equal(errno, EADDRNOTAVAIL);
	assert_non_null(strstr(endpoint_remedy(errno), "no interface"));
	close(fd);
	close(second);
}

/* Every address is that of both families. */
static void
test_any(void **state)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct endpoint ep;

	(void)state;
	int fd = bound(&ep, "tcp::0", SOCK_STREAM), client = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(listen(fd, 1), 0);
	to.sin_port = htons(port_of(fd));
	assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof to), 0);
	close(client);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse),
	    cmocka_unit_test(test_bind),
	    cmocka_unit_test(test_any),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
