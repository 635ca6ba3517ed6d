/* SPDX-License-Identifier: Apache-2.0 */
/* An unknown name, and the known one that is most similar. */
#pragma once

#include "config_reader.h"

struct config_meant {
	const char *name;
	const char *found; /* NULL: none is similar */
	u32 distance;      /* letters in which the two differ */
};

/* Starts with an unknown name; then compares it with one known word, and keeps the most similar. */
void config_meant_start(struct config_meant *m, const char *name);
void config_meant_try(struct config_meant *m, const char *word);

/* Complains of compatible strings of a node (at path) that are nearly one of the known words:
 * an error if no partition is being read (r->p is NULL), because the node then has no meaning. */
void config_name_near(struct config_reader *r, int node, const char *path, const char *const *known,
		      u32 nr);
