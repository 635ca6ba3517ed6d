/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the known word that an unknown one was probably meant to be: it differs in few letters. */
#include "config_meant.h"
#include <lib/string.h>

#define LONGEST 32
/* The most letters that may differ. */
#define MOST_LETTERS 3

/* The number of letters to insert, delete or change in order to turn a into b. */
static u32 edit_distance(const char *a, const char *b)
{
	u32 row[LONGEST + 1], len = (u32)strlen(b);

	if (strlen(a) > LONGEST || len > LONGEST)
		return LONGEST;
	for (u32 k = 0; k <= len; k++)
		row[k] = k;
	for (u32 i = 0; a[i]; i++) {
		u32 diagonal = row[0]++;

		for (u32 k = 1; k <= len; k++) {
			u32 best = diagonal + (a[i] != b[k - 1]);

			diagonal = row[k];
			best = MIN(best, row[k] + 1);
			row[k] = MIN(best, row[k - 1] + 1);
		}
	}
	return row[len];
}

void config_meant_start(struct config_meant *m, const char *name)
{
	*m = (struct config_meant){.name = name, .distance = MOST_LETTERS + 1};
}

void config_meant_try(struct config_meant *m, const char *word)
{
	u32 distance = edit_distance(m->name, word);

	if (distance >= m->distance)
		return;
	m->distance = distance;
	m->found = word;
}

void config_name_near(struct config_reader *r, int node, const char *path, const char *const *known,
		      u32 nr)
{
	static const char format[] = "found \"%.40s\": should it be \"%s\"?";
	struct prop compatible = config_prop(r->fdt, node, "compatible");
	const char *s = prop_string(compatible);
	const char *end = s ? s + compatible.len : NULL;

	for (; s < end; s += strlen(s) + 1) {
		struct config_meant meant;

		config_meant_start(&meant, s);
		for (u32 i = 0; i < nr; i++)
			config_meant_try(&meant, known[i]);
		if (!meant.found || !meant.distance)
			continue;
		if (r->p)
			config_warn(r, path, "compatible", format, s, meant.found);
		else
			config_error(r, path, "compatible", format, s, meant.found);
	}
}
