/*
 * paging.h - the filters every list takes
 */
#ifndef VALS_PAGING_H
#define VALS_PAGING_H

/* Anything whole is let in and clamped by the database; far beyond it is not. */
#define PAGING_MAX 1e15

#define PAGING_FIELD(field)                                                                                   \
	{                                                                                                     \
		.name = field, .kind = FIELD_INTEGER, .refuses_empty = true, .min = -PAGING_MAX, .max = PAGING_MAX \
	}

#define PAGING_FIELDS PAGING_FIELD("page"), PAGING_FIELD("limit")

#endif
