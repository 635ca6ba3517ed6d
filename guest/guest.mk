# SPDX-License-Identifier: Apache-2.0
# Bare-metal guests: build/guest/NAME.bin (raw, runs where it is loaded) from
# tests/guest/NAME.c or guest/examples/NAME.c and the runtime in guest/. loader is also built as ELF64 and
# with Linux's Image header.

GUEST_CC := aarch64-linux-gnu-gcc
GUEST_OBJCOPY := aarch64-linux-gnu-objcopy
GUEST_CFLAGS := -std=gnu11 -ffreestanding -O2 -g -fpie -fvisibility=hidden -mgeneral-regs-only \
	-mstrict-align -mno-outline-atomics -fno-stack-protector -fno-omit-frame-pointer \
	-fno-common -fno-tree-loop-distribute-patterns -DSTACK_SIZE=16384 -Wall -Wextra -Werror \
	-Wshadow -Wundef -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
	-Iguest -Itests/guest -Iinclude
GUEST_LDFLAGS := -nostdlib -static-pie -Wl,--no-dynamic-linker,-z,norelro,-z,max-page-size=4096 \
	-Wl,--build-id=none,-z,noexecstack,--no-warn-rwx-segments -T guest/guest.ld

GUEST_NAMES := $(patsubst tests/guest/%.c,%,$(wildcard tests/guest/*.c)) \
	$(patsubst guest/examples/%.c,%,$(wildcard guest/examples/*.c))
GUEST_RUNTIME := $(patsubst guest/%.c,build/guest/rt/%.o,$(wildcard guest/*.c)) \
	build/guest/rt/program-asm.o build/guest/rt/sdei-asm.o
GUEST_BINS := $(GUEST_NAMES:%=build/guest/%.bin) build/guest/loader-image.bin \
	build/guest/loader-fixed.elf
# Those that keep other partitions' pages, or talk to such, have guest/pager/, too.
GUEST_PAGERS := pager pagertest apfpager apfhostile apfstop
GUEST_PAGER := $(patsubst guest/%.c,build/guest/rt/%.o,$(wildcard guest/pager/*.c))
# What tests/guest/chaos.c does.
GUEST_CHAOS := $(patsubst tests/guest/%.c,build/guest/%.o,$(wildcard tests/guest/chaos/*.c)) \
	build/guest/chaos/entry-asm.o
# Where the ELF says that it wants to be.
GUEST_ELF_BASE := 0x44000000

.PHONY: guests
guests: $(GUEST_BINS)

build/guest/rt/%.o: guest/%.c | setup-build
	@mkdir -p $(@D)
	$(call say,GUEST,$@)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

build/guest/rt/start.o: guest/start.S | setup-build
	@mkdir -p $(@D)
	$(call say,GUEST,$@)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -c -o $@ $<

build/guest/rt/start-image.o: guest/start.S | setup-build
	@mkdir -p $(@D)
	$(call say,GUEST,$@)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -DIMAGE_HEADER -c -o $@ $<

build/guest/rt/%-asm.o: guest/%.S | setup-build
	@mkdir -p $(@D)
	$(call say,GUEST,$@)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -D__ASSEMBLER__ -MMD -MP -c -o $@ $<

build/guest/%.o: tests/guest/%.c | setup-build
	@mkdir -p $(@D)
	$(call say,GUEST,$@)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

build/guest/%-asm.o: tests/guest/%.S | setup-build
	@mkdir -p $(@D)
	$(call say,GUEST,$@)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -D__ASSEMBLER__ -MMD -MP -c -o $@ $<

build/guest/%.o: guest/examples/%.c | setup-build
	@mkdir -p $(@D)
	$(call say,GUEST,$@)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

build/guest/%.elf: build/guest/%.o build/guest/rt/start.o $(GUEST_RUNTIME) guest/guest.ld
	$(call say,GUEST,$@)
	$(Q)$(GUEST_CC) $(GUEST_LDFLAGS) -o $@ $(filter %.o,$^)

$(GUEST_PAGERS:%=build/guest/%.elf): $(GUEST_PAGER)
build/guest/chaos.elf: $(GUEST_CHAOS)

build/guest/%-image.elf: build/guest/%.o build/guest/rt/start-image.o $(GUEST_RUNTIME) guest/guest.ld
	$(call say,GUEST,$@)
	$(Q)$(GUEST_CC) $(GUEST_LDFLAGS) -o $@ $(filter %.o,$^)

# The same at a fixed address, for loaders of ELF64. Its relocations are applied
# by start.S as offsets from the base, so a linked-in base would count twice:
# only p_paddr and e_entry are moved.
build/guest/%-fixed.elf: build/guest/%.elf
	$(Q)$(GUEST_OBJCOPY) --change-addresses $(GUEST_ELF_BASE) $< $@

build/guest/%.bin: build/guest/%.elf
	$(Q)$(GUEST_OBJCOPY) -O binary $< $@

.SECONDARY:
-include $(wildcard build/guest/*.d build/guest/chaos/*.d build/guest/rt/*.d build/guest/rt/*/*.d)

# Files for the loader tests, and device trees that no board should have.
HOSTILE := build/guest/hostile/made
guests: $(HOSTILE)
$(HOSTILE): tests/qemu/hostile.py build/tocsin.img $(GUEST_BINS)
	$(call say,TREES,$(@D))
	$(Q)python3 tests/qemu/hostile.py $(@D)
