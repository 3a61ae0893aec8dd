/* The numbers of MRT that its reader and writer share (RFC 6396 §4, RFC 8050 §4). */
#ifndef BGP_MRT_PARTS_H
#define BGP_MRT_PARTS_H

enum { MRT_HEADER = 12, MRT_TABLE_DUMP_V2 = 13 };
enum {
	MRT_PEER_INDEX_TABLE = 1,
	MRT_RIB_IPV4 = 2,
	MRT_RIB_IPV6 = 4,
	MRT_RIB_IPV4_PATHS = 8,
	MRT_RIB_IPV6_PATHS = 10,
};
enum { MRT_PEER_IPV6 = 1, MRT_PEER_AS4 = 2 };

#endif
