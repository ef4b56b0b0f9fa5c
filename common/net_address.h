/*
 * net_address.h - whose network address this is
 */
#ifndef VALS_NET_ADDRESS_H
#define VALS_NET_ADDRESS_H

#include <stdbool.h>

struct sockaddr;

/*
 * Whether the address belongs to somebody on the public internet: no loopback, no private or
 * link-local network, no multicast, nothing reserved, also not in the IPv6 forms that carry an
 * IPv4 address. Other families than IP are not public.
 */
bool net_address_is_public(const struct sockaddr *address);

/* Whether the address is this machine itself. */
bool net_address_is_loopback(const struct sockaddr *address);

#endif
