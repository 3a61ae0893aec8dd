#include "decode/frame.h"

enum { IPFIX_VERSION = 10, HEADER_LEN = 16 };

enum frame
frame_next(struct rd *r, struct str *message)
{
	struct rd head = *r;
	const uint8_t *p;
	uint16_t version, len;

	/* One byte tells already that it is not the first of a version 10. */
	if (rd_left(r) > 0 && r->p[0] != 0)
		return FRAME_BAD_VERSION;
	if (rd_be16(&head, &version) == -1)
		return FRAME_PARTIAL;
	if (version != IPFIX_VERSION)
		return FRAME_BAD_VERSION;
	if (rd_be16(&head, &len) == -1)
		return FRAME_PARTIAL;
	if (len < HEADER_LEN)
		return FRAME_BAD_LENGTH;
	if (rd_bytes(r, &p, len) == -1)
		return FRAME_PARTIAL;
	*message = (struct str){(const char *)p, len};
	return FRAME_WHOLE;
}
