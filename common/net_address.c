/*
 * net_address.c - whose network address this is
 *
 * IPv4: what the IANA special-purpose registry (RFC 6890) does not list as globally reachable is
 * not public. IPv6: only 2000::/3 is given out, less its special blocks; those
 * which carry an IPv4 address are as public as that.
 */
#include "net_address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

struct block4 {
	uint32_t from;
	int bits;
};

static const struct block4 special4[] = {
	{ 0x00000000, 8 }, /* this network */
	{ 0x0a000000, 8 }, /* private */
	{ 0x64400000, 10 }, /* behind a carrier's translation */
	{ 0x7f000000, 8 }, /* loopback */
	{ 0xa9fe0000, 16 }, /* link-local, cloud metadata */
	{ 0xac100000, 12 }, /* private */
	{ 0xc0000000, 24 }, /* protocol assignments */
	{ 0xc0000200, 24 }, /* documentation */
	{ 0xc0586300, 24 }, /* 6to4 relays */
	{ 0xc0a80000, 16 }, /* private */
	{ 0xc6120000, 15 }, /* benchmarks */
	{ 0xc6336400, 24 }, /* documentation */
	{ 0xcb007100, 24 }, /* documentation */
	{ 0xe0000000, 3 }, /* multicast, reserved, broadcast */
};

static bool
is_public4(uint32_t address)
{
	for (size_t i = 0; i < sizeof(special4) / sizeof(special4[0]); i++)
		if ((address ^ special4[i].from) >> (32 - special4[i].bits) == 0)
			return false;
	return true;
}

/* The IPv4 address in four bytes. */
static uint32_t
read4(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool
is_public6(const uint8_t address[static 16])
{
	static const uint8_t translated[12] = { 0x00, 0x64, 0xff, 0x9b };

	/* RFC 6052: 64:ff9b::/96 is how an IPv6-only host reaches IPv4. */
	if (memcmp(address, translated, sizeof(translated)) == 0)
		return is_public4(read4(address + 12));
	if ((address[0] & 0xe0) != 0x20)
		return false;
	/* 2002::/16 carries an IPv4 address; 2001::/23 are protocols, Teredo among them. */
	if (address[0] == 0x20 && address[1] == 0x02)
		return is_public4(read4(address + 2));
	if (address[0] == 0x20 && address[1] == 0x01 && address[2] < 0x02)
		return false;
	/* 2001:db8::/32 and 3fff::/20 are for documentation. */
	if (address[0] == 0x20 && address[1] == 0x01 && address[2] == 0x0d && address[3] == 0xb8)
		return false;
	return !(address[0] == 0x3f && address[1] == 0xff && address[2] < 0x10);
}

bool
net_address_is_public(const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;

	if (address->sa_family == AF_INET)
		return is_public4(ntohl(v4->sin_addr.s_addr));
	if (address->sa_family != AF_INET6)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		return is_public4(read4(v6->sin6_addr.s6_addr + 12));
	return is_public6(v6->sin6_addr.s6_addr);
}

bool
net_address_is_loopback(const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const void *)address;
	const struct sockaddr_in6 *v6 = (const void *)address;

	if (address->sa_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	if (address->sa_family != AF_INET6)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		return v6->sin6_addr.s6_addr[12] == 127;
	return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) != 0;
}
