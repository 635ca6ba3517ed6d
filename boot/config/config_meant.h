/* SPDX-License-Identifier: Apache-2.0 */
/* A name that is not known, and the known one that is most like it. */
#pragma once

#include "config_reader.h"

struct config_meant {
	const char *name;
	const char *found; /* NULL: none is like it */
	u32 distance;      /* letters between the two */
};

/* Begins with a name; looks whether word is more like it than those before. */
void config_meant_start(struct config_meant *m, const char *name);
void config_meant_try(struct config_meant *m, const char *word);

/* Complains of strings in the compatible of a node (at path) that are nearly one of the known
 * words: an error where no partition is being read (r->p), as the node then is nothing. */
void config_name_near(struct config_reader *r, int node, const char *path, const char *const *known,
		      u32 nr);
