/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin for QEMU 7.2 or later: counts, on each CPU, Tocsin's instructions from each exception
 * entry to the ERET, while each lock is held, and while it is waited for. tools/stretch says, in a
 * file of lines "OFFSET KIND NAME", what the instructions at offsets in the image mean:
 *
 *   E  a stretch begins, of class NAME     C  it is of class NAME
 *   F  it also does NAME                   R  it ends
 *   W  nobody waits for the CPU; what follows is a stretch of class NAME
 *   T  lock NAME is taken                  D  it is dropped
 *   A  the access that draws the ticket of the lock that is being taken, after some patience
 *   S  the CPU spins for another one: not counted
 *
 * How long a CPU spins is up to the emulator's scheduler. What it waits for is not: the holds
 * of others between its drawing a ticket and its own hold's end. These are counted.
 *
 * Arguments: base=ADDRESS,size=BYTES,marks=FILE,out=FILE. With cover=on (tools/chaos) nothing of
 * that, only which instructions ran after R was passed for the first time: "RAN OFFSET" of each.
 * Else, at the end, the longest of
 * each in out: "STRETCH most times CLASS FLAGS...", "HOLD most times LOCK", "WAIT most times LOCK"
 * and "TURNS most times LOCK" (instructions of others' holds, and how many); "SEEN OFFSET" of each
 * mark that was passed; "LOST times", how many stretches began where one had not ended. CPUs of
 * their own threads (no icount) share the marks' seen, which is only ever set, and under a mutex
 * what is known of waits.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As much of QEMU's plugin interface as is used here (docs/devel/tcg-plugins). */
#define EXPORT __attribute__((visibility("default")))
#define NO_REGISTERS 0
#define READ_OR_WRITE 3
struct qemu_plugin_tb;
struct qemu_plugin_insn;
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
					   void (*f)(uint64_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*f)(unsigned int, void *), int flags, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
				      void (*f)(unsigned int, uint32_t, uint64_t, void *),
				      int flags, int which, void *data);
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
						enum qemu_plugin_op op, void *to, uint64_t add);
void qemu_plugin_register_atexit_cb(uint64_t id, void (*f)(uint64_t, void *), void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
EXPORT int qemu_plugin_version = 1;

#define MAX_NAMES 128
#define MAX_FLAGS 10
#define MAX_CPUS 8

struct mark {
	char kind; /* 0: an instruction like others */
	int name;
	int flag; /* F */
	bool seen;
};

struct most {
	uint64_t length, times;
};

/* A CPU at one lock, from its drawing a ticket until its hold ends. */
struct wait {
	uint64_t lock; /* its address; 0: not there */
	uint64_t others, holds;
};

static uint64_t base, size;
static struct mark *marks; /* one for each word of the image */
static const char *out;
static uint64_t *ran; /* how often each word of the image; NULL: not asked for */

static char *names[MAX_NAMES];
static int nr_names;
static int flags[MAX_FLAGS]; /* their names */
static int nr_flags;

struct cpu {
	uint64_t count, begin; /* instructions of Tocsin so far; at the stretch's beginning */
	bool guests_run, in_stretch;
	uint64_t lost; /* stretches without an end: a mark is wrong */
	int class;
	unsigned int flag_set;
	struct most stretches[MAX_NAMES][1 << MAX_FLAGS];
	uint64_t taken[MAX_NAMES];
	struct most holds[MAX_NAMES];
	int taking; /* the lock whose ticket is drawn next */
	struct wait wait[MAX_NAMES];
	struct most waits[MAX_NAMES], turns[MAX_NAMES];
};

static struct cpu cpus[MAX_CPUS];
static pthread_mutex_t waits = PTHREAD_MUTEX_INITIALIZER; /* guards all wait[] */

static int name_of(const char *text)
{
	for (int i = 0; i < nr_names; i++)
		if (!strcmp(names[i], text))
			return i;
	if (nr_names == MAX_NAMES)
		exit(3);
	names[nr_names] = strdup(text);
	return nr_names++;
}

static int flag_of(int name)
{
	for (int i = 0; i < nr_flags; i++)
		if (flags[i] == name)
			return i;
	if (nr_flags == MAX_FLAGS)
		exit(3);
	flags[nr_flags] = name;
	return nr_flags++;
}

static void note(struct most *m, uint64_t length)
{
	m->times++;
	if (length > m->length)
		m->length = length;
}

static void start(struct cpu *c, int name)
{
	c->begin = c->count;
	c->class = name;
	c->flag_set = 0;
	c->guests_run = c->in_stretch = true;
}

static void end(struct cpu *c)
{
	if (c->in_stretch)
		note(&c->stretches[c->class][c->flag_set], c->count - c->begin);
	c->in_stretch = false;
}

/* The access has been made. It may be made again: another CPU's came in between. */
static void drawn(unsigned int cpu, uint32_t info, uint64_t address, void *data)
{
	struct cpu *c = &cpus[cpu % MAX_CPUS];

	(void)info, (void)data;
	pthread_mutex_lock(&waits);
	c->wait[c->taking] = (struct wait){address, 0, 0};
	pthread_mutex_unlock(&waits);
}

/* The hold is over when the store that is about to be made has been. */
static void dropped(struct cpu *c, int name)
{
	uint64_t length = c->count - c->taken[name];
	struct wait *own = &c->wait[name];

	if (c->guests_run && c->taken[name])
		note(&c->holds[name], length);
	c->taken[name] = 0;
	pthread_mutex_lock(&waits);
	for (int i = 0; i < MAX_CPUS; i++) {
		struct wait *w = &cpus[i].wait[name];

		if (w != own && own->lock && w->lock == own->lock) {
			w->others += length;
			w->holds++;
		}
	}
	if (c->guests_run && own->holds) {
		note(&c->waits[name], own->others);
		note(&c->turns[name], own->holds);
	}
	own->lock = own->holds = 0;
	pthread_mutex_unlock(&waits);
}

static void passed(struct cpu *c, const struct mark *m)
{
	switch (m->kind) {
	case 'E':
		c->lost += c->in_stretch;
		start(c, m->name);
		break;
	case 'C':
		c->class = m->name;
		break;
	case 'F':
		c->flag_set |= 1U << m->flag;
		break;
	case 'R':
		end(c);
		break;
	case 'W':
		end(c);
		start(c, m->name);
		break;
	case 'T':
		c->taken[m->name] = c->count;
		c->taking = m->name;
		break;
	case 'D':
		dropped(c, m->name);
	}
}

static void executed(unsigned int cpu, void *data)
{
	struct mark *m = data;
	struct cpu *c = &cpus[cpu % MAX_CPUS];

	m->seen = true;
	if (m->kind == 'S')
		return;
	c->count++;
	if (m->kind)
		passed(c, m);
}

/* What ran before a guest did is boot's. */
static void first_guest(unsigned int cpu, void *data)
{
	struct mark *m = data;

	(void)cpu;
	if (!m->seen)
		memset(ran, 0, size / 4 * sizeof(*ran));
	m->seen = true;
}

static void translated_to_cover(uint64_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t offset = qemu_plugin_insn_vaddr(insn) - base;

		if (offset >= size)
			continue;
		qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
							   &ran[offset / 4], 1);
		if (marks[offset / 4].kind == 'R')
			qemu_plugin_register_vcpu_insn_exec_cb(insn, first_guest, NO_REGISTERS,
							       &marks[offset / 4]);
	}
}

static void report_cover(uint64_t id, void *data)
{
	FILE *f = fopen(out, "w");

	(void)id, (void)data;
	if (!f)
		return;
	for (uint64_t i = 0; i < size / 4; i++)
		if (ran[i])
			fprintf(f, "RAN %" PRIx64 "\n", i * 4);
	fclose(f);
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t offset = qemu_plugin_insn_vaddr(insn) - base;

		if (offset >= size)
			continue;
		qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, NO_REGISTERS,
						       &marks[offset / 4]);
		if (marks[offset / 4].kind == 'A')
			qemu_plugin_register_vcpu_mem_cb(insn, drawn, NO_REGISTERS, READ_OR_WRITE,
							 NULL);
	}
}

static void report_most(FILE *f, const char *kind, const struct most *m, const char *name)
{
	if (m->times)
		fprintf(f, "%s %" PRIu64 " %" PRIu64 " %s\n", kind, m->length, m->times, name);
}

static void report_longest(FILE *f, const struct cpu *c)
{
	for (int n = 0; n < nr_names; n++) {
		for (unsigned int s = 0; s < 1U << MAX_FLAGS; s++) {
			if (!c->stretches[n][s].times)
				continue;
			fprintf(f, "STRETCH %" PRIu64 " %" PRIu64 " %s", c->stretches[n][s].length,
				c->stretches[n][s].times, names[n]);
			for (int i = 0; i < nr_flags; i++)
				if (s >> i & 1)
					fprintf(f, " %s", names[flags[i]]);
			fprintf(f, "\n");
		}
		report_most(f, "HOLD", &c->holds[n], names[n]);
		report_most(f, "WAIT", &c->waits[n], names[n]);
		report_most(f, "TURNS", &c->turns[n], names[n]);
	}
}

static void report(uint64_t id, void *data)
{
	FILE *f = fopen(out, "w");
	uint64_t lost = 0;

	(void)id, (void)data;
	if (!f)
		return;
	for (int i = 0; i < MAX_CPUS; i++) {
		report_longest(f, &cpus[i]);
		lost += cpus[i].lost;
	}
	for (uint64_t i = 0; i < size / 4; i++)
		if (marks[i].kind && marks[i].seen)
			fprintf(f, "SEEN %" PRIx64 "\n", i * 4);
	fprintf(f, "LOST %" PRIu64 "\n", lost);
	fclose(f);
}

static struct mark mark_of(char kind, int name)
{
	return (struct mark){kind, name, kind == 'F' ? flag_of(name) : 0, false};
}

static bool read_marks(const char *path)
{
	FILE *f = fopen(path, "r");
	char kind, name[64];
	uint64_t offset;

	if (!f)
		return false;
	while (fscanf(f, "%" SCNx64 " %c %63s", &offset, &kind, name) == 3)
		if (offset < size)
			marks[offset / 4] = mark_of(kind, name_of(name));
	fclose(f);
	return nr_names > 0;
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	const char *path = "";
	bool cover = false;

	(void)info;
	for (int i = 0; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (!value)
			return 1;
		*value++ = 0;
		if (!strcmp(argv[i], "base"))
			base = strtoull(value, NULL, 0);
		else if (!strcmp(argv[i], "size"))
			size = strtoull(value, NULL, 0);
		else if (!strcmp(argv[i], "marks"))
			path = strdup(value);
		else if (!strcmp(argv[i], "out"))
			out = strdup(value);
		else if (!strcmp(argv[i], "cover"))
			cover = true;
	}
	marks = calloc(size / 4 + 1, sizeof(*marks));
	if (!marks || !out || !read_marks(path))
		return 1;
	ran = cover ? calloc(size / 4 + 1, sizeof(*ran)) : NULL;
	if (cover && !ran)
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, cover ? translated_to_cover : translated);
	qemu_plugin_register_atexit_cb(id, cover ? report_cover : report, NULL);
	return 0;
}
