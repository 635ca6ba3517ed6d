/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the readers of the configuration: complaints, and a node's path, state and properties.
 * Calls none of the readers.
 */
#include "config_reader.h"
#include <boot/arena.h>
#include <drivers/log.h>
#include <lib/fmt.h>
#include <lib/layout.h>
#include <lib/string.h>
#include <libfdt.h>

static void complain(struct config_reader *r, bool error, const char *path, const char *property,
		     const char *format, va_list args)
{
	char text[COMPLAINT_MAX];
	struct complaint c = {.error = error, .path = path, .property = property, .text = text};

	if (!path)
		c.path = r->p ? r->p->path : "/chosen";
	fmt_vsnprintf(text, sizeof(text), format, args);
	r->say(r->context, &c);
}

void config_error(struct config_reader *r, const char *path, const char *property,
		  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(r, true, path, property, format, args);
	va_end(args);
	if (r->p)
		r->p->broken = true;
}

void config_warn(struct config_reader *r, const char *path, const char *property,
		 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(r, false, path, property, format, args);
	va_end(args);
}

void config_no_memory(struct config_reader *r)
{
	r->error = ERR_NO_MEMORY;
	config_error(
	    r, NULL, NULL,
	    "there is no boot memory left for what it asks: should have shorter lists, here "
	    "or in another partition");
}

/* "tocsin: ", "warning: ", path, property and the sentence: its end says what to do. */
REQUIRE(8 + 9 + PATH_MAX_SHOWN + 2 + 40 + 2 + COMPLAINT_MAX <= LOG_LINE_MAX);

void config_log(void *context, const struct complaint *c)
{
	log_line(c->error ? LOG_ERROR : LOG_WARN, "%.*s: %.40s%s%s", PATH_MAX_SHOWN, c->path,
		 c->property ? c->property : "", c->property ? ": " : "", c->text);
}

struct prop config_prop(const void *fdt, int node, const char *name)
{
	int len;
	const void *value = fdt_getprop(fdt, node, name, &len);

	return value ? (struct prop){value, (u32)len} : (struct prop){0};
}

bool config_enabled(const void *fdt, int node)
{
	struct prop status = config_prop(fdt, node, "status");

	return !status.bytes || prop_has_string(status, "okay") || prop_has_string(status, "ok");
}

const char *config_path(const char *name)
{
	static const char chosen[] = "/chosen/";
	size_t len = strlen(name) + 1;
	char *path = arena_alloc(sizeof(chosen) - 1 + len);

	if (path) {
		memcpy(path, chosen, sizeof(chosen) - 1);
		memcpy(path + sizeof(chosen) - 1, name, len);
	}
	return path;
}
