/*
 * paging.h - the filters every list takes
 */
#ifndef VALS_PAGING_H
#define VALS_PAGING_H

/* Anything whole is let in and clamped by the database; far beyond it is not. */
#define PAGING_MAX 1e15

#define PAGING_FIELDS                                                                            \
	{ .name = "page", .kind = FIELD_INTEGER, .min = -PAGING_MAX, .max = PAGING_MAX },        \
	{                                                                                        \
		.name = "limit", .kind = FIELD_INTEGER, .min = -PAGING_MAX, .max = PAGING_MAX    \
	}

#endif
