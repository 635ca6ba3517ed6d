/* SPDX-License-Identifier: Apache-2.0 */
/* Results of functions that can fail for reasons the caller must handle. */
#pragma once

enum err {
	OK = 0,
	ERR_NO_MEMORY = -1,  /* the page pool is empty */
	ERR_RANGE = -2,      /* an address or size is outside what is possible here */
	ERR_OVERLAP = -3,    /* two things would share memory or an interrupt */
	ERR_FORMAT = -4,     /* malformed input: tree, image, archive */
	ERR_NOT_FOUND = -5,  /* the thing asked for is not there */
	ERR_UNSUPPORTED = -6 /* well-formed, but nothing here can do it */
};

#define MUST_CHECK __attribute__((warn_unused_result))
