# SPDX-License-Identifier: Apache-2.0
#
# Everything is built under build/; "make help" lists the targets. V=1 shows
# the commands. The image is built from every .c and .S file in the folders of
# DIRS and theirs, in the order in which calls may go.

BUILD    := build
DIRS     := boot el2 sdei mm drivers lib
CROSS    ?= aarch64-linux-gnu-
HOSTCC   ?= gcc
CLANG    ?= clang

# Of the image: gcc or clang.
COMPILER ?= gcc
CC       := $(if $(filter clang,$(COMPILER)),$(CLANG) --target=aarch64-linux-gnu,$(CROSS)gcc)
LD       := $(CROSS)ld
OBJCOPY  := $(CROSS)objcopy
OBJDUMP  := $(CROSS)objdump

# "make V=1" shows commands; otherwise one short line per file.
Q        := $(if $(V),,@)
say       = @$(if $(V),:,printf '  %-7s %s\n' $(1) $(2))

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

# ---------------------------------------------------------------- set-up

DEBIAN   := $(BUILD)/debian
LIBFDT   := $(DEBIAN)/libfdt/usr/lib/aarch64-linux-gnu/libfdt.a

# What a target needs of Debian comes when it is wanted: a group of tools/setup.
NEEDS    := $(addprefix setup-,build guest run uboot debug check host fuzz models test)

.PHONY: setup $(NEEDS)
setup: ## Install and download all that is missing (Debian packages)
	@tools/setup

$(NEEDS): setup-%:
	@tools/setup $*

$(LIBFDT): | setup-build ;

# ---------------------------------------------------------------- image

WARN     := -Wall -Wextra -Werror -Wshadow -Wundef -Wvla -Wstrict-prototypes \
            -Wmissing-prototypes -Wwrite-strings
# The product's own.
STRICT   := -Wconversion -Wsign-conversion -Wcast-qual -Wno-unused-parameter
ifeq ($(COMPILER),clang)
WARN     += -Wno-ignored-optimization-argument -Wno-unused-command-line-argument -Wno-unknown-warning-option
endif
# Nothing in what is built names this folder.
PREFIX   := -ffile-prefix-map='$(CURDIR)'=.
CFLAGS   := -std=gnu11 -ffreestanding -O2 -g -fpie -fvisibility=hidden \
            -mcmodel=tiny -mgeneral-regs-only -mstrict-align -mno-outline-atomics \
            -mfix-cortex-a53-835769 -mbranch-protection=bti -fno-stack-protector -fno-omit-frame-pointer \
            -fno-common -falign-functions=4 -falign-loops=1 -falign-jumps=1 -include include/arch/hidden.h \
            $(PREFIX) $(WARN) $(STRICT) -Iinclude -I$(BUILD)
ASFLAGS  := -D__ASSEMBLER__ -g $(PREFIX) -Iinclude -I$(BUILD)
LDFLAGS  := -pie --fix-cortex-a53-843419 --no-dynamic-linker -z text -z max-page-size=4096 -z noexecstack \
            --fatal-warnings -Bsymbolic

# Only boot code may see libfdt. It runs once: small is better than fast.
$(BUILD)/obj/boot/%.o: CFLAGS += -Os -fstack-protector-strong -isystem $(DEBIAN)/libfdt/usr/include

# What runs rarely beside what runs often, the same. There is time for a guard of the stack
# (lib/stack_guard.c), too.
RARE     := $(addprefix el2/,paging/apf paging/apf_call vm/audit vdev/channel cpu/cpu cpu/errata cpu/esr cpu/handover \
            cpu/idreg vm/lifecycle vm/loading console/monitor console/monitor_commands cpu/panic \
            vm/partition vm/partition_log vcpu/pvtime vm/report calls/smccc_arch console/terminal \
            console/terminal_output console/terminal_text vcpu/cpu_timer cpu/trapreg calls/trng \
            vcpu/vcpu calls/vendor vgic/vgic_sdei calls/vpsci sdei/vsdei_bound vdev/vwatchdog) \
            sdei/shared sdei/words $(addprefix mm/,cache pager pager_ring stage1 stage2) lib/fmt lib/parse \
            $(addprefix drivers/,console earlycon gic gicv2 gicv3 log psci uart uart_8250 uart_cadence uart_pl011)
$(RARE:%=$(BUILD)/obj/%.o) $(RARE:%=$(BUILD)/obj/%.flags): CFLAGS += -Os -fstack-protector-strong

# How a file is compiled, for tests/litmus/verify.
$(BUILD)/obj/%.flags: ; @echo $(CC) $(CFLAGS)

# Functions begin with a landing pad for indirect branches (BTI): one instruction, which gcc leaves out
# for static functions alone. Files that are on the way of every trap, interrupt and switch and of
# which no function is called by pointer have none; tests/check/landing looks.
DIRECT   := $(addprefix el2/,vcpu/context entry/inject entry/irq vcpu/schedule vcpu/vcpu vgic/vgic_cpu \
            vgic/vgic_lr vgic/vgic_sgi vcpu/vtimer) \
            $(addprefix drivers/,gic gic_virt timer) $(addprefix sdei/,event pe shared) lib/string \
            $(addprefix mm/,cache paged paged_evict pages pgtable stage2_page)
$(DIRECT:%=$(BUILD)/obj/%.o) $(DIRECT:%=$(BUILD)/obj/%.flags): CFLAGS += -mbranch-protection=none -fno-jump-tables

SOURCES  := $(filter-out el2/entry/offsets.c,$(foreach d,$(DIRS),$(wildcard $(d)/*.[cS] $(d)/*/*.[cS])))
OBJECTS  := $(patsubst %,$(BUILD)/obj/%.o,$(basename $(SOURCES)))
OFFSETS  := $(BUILD)/gen/offsets.h

.PHONY: all
all: $(BUILD)/tocsin.img ## Build the image (build/tocsin.img)

$(BUILD)/tocsin.img: $(BUILD)/tocsin.elf
	$(call say,IMG,$@)
	$(Q)$(OBJCOPY) -O binary $< $@

# The image runs anywhere. The ELF, for loaders that insist on it (QEMU, and then
# perhaps at the wrong exception level), goes where QEMU's virt has RAM, so that
# at least the sentence about it comes out.
ELF_RAM  := 0x40200000

$(BUILD)/tocsin.elf: $(OBJECTS) linker.ld $(LIBFDT) Makefile
	$(call say,LD,$@)
	$(Q)$(LD) $(LDFLAGS) -T linker.ld -Map=$(BUILD)/tocsin.map -o $@ $(OBJECTS) $(LIBFDT)
	$(Q)$(OBJCOPY) --change-section-lma '*+$(ELF_RAM)' $@
	$(Q)echo $(OBJECTS) >$(BUILD)/objects

$(BUILD)/obj/%.o: %.c Makefile | setup-build
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj/%.o: %.S Makefile $(OFFSETS) | setup-build
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ASFLAGS) -MMD -MP -c -o $@ $<

# Structure offsets for assembly: the compiler writes lines .ascii "->NAME value".
$(OFFSETS): $(BUILD)/gen/offsets.s
	$(call say,GEN,$@)
	$(Q)awk '/^[ \t]*.ascii[ \t]*"->/ { gsub(/^.*->|["#$$]/, ""); print "#define", $$1, $$2 }' $< >$@

$(BUILD)/gen/offsets.s: el2/entry/offsets.c Makefile | setup-build
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -MF $(@:.s=.dep) -S -o $@ $<

-include $(OBJECTS:.o=.d) $(BUILD)/gen/offsets.dep

# ---------------------------------------------------------------- guests

LINUX    := $(DEBIAN)/linux/Image
NEXT     := $(DEBIAN)/next/Image
INITRDGZ := $(BUILD)/initrd.cpio.gz
INITIN   := $(shell find tools/initrd tools/mkinitrd -type f)

$(LINUX): | setup-guest ;
$(NEXT): | setup-test ;

include guest/linux/linux.mk

$(INITRDGZ): $(INITIN) $(LINUX) $(LINUX_PROGRAMS) $(call modules_for,linux)
	$(call say,INITRD,$@)
	$(if $(BLANK),@echo "kbuild cannot work below a folder with a blank in its name: $@ has no modules of ours")
	$(Q)tools/mkinitrd $@ $(DEBIAN)/linux $(filter $(BUILD)/linux/%,$^)

# The same for the kernel of Debian's backports, where there is one.
INITRD_NEXT := $(BUILD)/initrd-next.cpio.gz
$(INITRD_NEXT): $(INITIN) $(NEXT) $(LINUX_PROGRAMS) $(call modules_for,next)
	$(call say,INITRD,$@)
	$(Q)tools/mkinitrd $@ $(DEBIAN)/next $(filter $(BUILD)/linux/% $(BUILD)/next/%,$^)

# The same with a kernel in /kexec, and what that one is to find.
INITRD_KEXEC := $(BUILD)/initrd-kexec.cpio
$(INITRD_KEXEC): $(LINUX) $(INITRDGZ)
	$(call say,INITRD,$@)
	@rm -rf $(BUILD)/kexec && mkdir -p $(BUILD)/kexec
	@cp $(LINUX) $(BUILD)/kexec/Image && cp $(INITRDGZ) $(BUILD)/kexec/initrd
	@cd $(BUILD) && find kexec | cpio --quiet -o -H newc >$(@F)
	@cat $(INITRDGZ) >>$@

# What the virtio tests find on their disk.
$(BUILD)/pattern.img:
	@mkdir -p $(@D)
	@seq -w 1048576 >$@

$(BUILD)/uboot-%.img: $(BUILD)/tocsin.img $(LINUX) $(INITRDGZ) tools/uboot-disk $(wildcard tools/uboot/*) | setup-uboot
	$(call say,DISK,$@)
	$(Q)tools/uboot-disk $* $@ $(LINUX) $(INITRDGZ) 'console=ttyAMA0 tocsin.test=shell' ''

-include guest/guest.mk

# ---------------------------------------------------------------- running

# make run KERNEL=... INITRD=... APPEND=... (guest) TOCSIN=... (Tocsin's own
# options) SMP=... MEM=... GIC=2|3 CPU=... QEMU_ARGS=...
RUN_VARS := KERNEL INITRD APPEND TOCSIN SMP MEM GIC CPU QEMU_ARGS GUEST_ELF UBOOT
export $(RUN_VARS)

.PHONY: run run-partitions run-paging run-pager demo-partitions run-uboot debug
run: setup-run all $(INITRDGZ) ## Run Debian, or KERNEL= INITRD= APPEND=, with SMP= MEM= GIC= CPU= TOCSIN=
	@tools/run

run-partitions: setup-run all $(INITRDGZ) build/guest/periodic.bin ## Two Debians and a real-time guest; SMP=1: in time windows
	@tools/run-partitions

demo-partitions: setup-run all $(INITRDGZ) build/guest/periodic.bin ## The same, and a script kills and restarts them
	@tools/run-partitions --demo

run-paging: setup-run all $(INITRDGZ) ## Debian, a quarter of it resident, waits for pages and sleeps for them; LATENCY=us
	@tools/run-paging

run-pager: setup-run all $(INITRDGZ) ## The same, and another Debian keeps its pages; LATENCY=us
	@tools/run-paging --pager

run-uboot: setup-run setup-uboot all $(INITRDGZ) ## The same from U-Boot: UBOOT=extlinux (default) or script
	@tools/run --uboot

debug: setup-run setup-debug all $(INITRDGZ) ## The same, stopped, waiting for gdb -x build/debug.gdb (its command tocsin-moved); GUEST_ELF=
	@tools/run --debug

# ---------------------------------------------------------------- host tests

# A program is one NAME_test.c or NAME_fuzz.c; its comment lines "sources: ..."
# name the files of the product that are compiled into it, beside lib/lock.c.
HOST_TESTS  := $(notdir $(basename $(sort $(wildcard tests/host/*_test.c))))
HOST_FUZZ   := $(notdir $(basename $(sort $(wildcard tests/host/fuzz/*_fuzz.c))))
HOST_DEPS   := $(shell find include tests/host/include -type f) tests/host/main.c Makefile
SANITIZE    := -fsanitize=address,undefined -fno-sanitize-recover=undefined
HOST_CFLAGS := -std=gnu11 -g -O1 -fno-omit-frame-pointer -Wall -Wextra -Werror -Wshadow -Wno-unused-parameter \
               -Itests/host/include -Iinclude -I.
sources_of   = $(shell sed -n 's,.*sources:,,p' $(1) | sed 's,\*/.*,,')
# tests/host/include/failing_pool.h includes what it makes fail.
HOST_DEPS   += mm/pages.c

define host_program
$(BUILD)/host/$(1): $(2) $(call sources_of,$(2)) lib/lock.c $(HOST_DEPS) | setup-host $(5)
	$$(call say,HOSTCC,$$<)
	@mkdir -p $$(@D)
	$$(Q)$(3) $(HOST_CFLAGS) -o $$@ $(4) $$< $(call sources_of,$(2)) lib/lock.c -lfdt
endef
$(foreach t,$(HOST_TESTS),$(eval $(call \
	host_program,$(t),tests/host/$(t).c,$(HOSTCC) $(SANITIZE),tests/host/main.c)))
$(foreach t,$(HOST_FUZZ),$(eval $(call \
	host_program,$(t),tests/host/fuzz/$(t).c,$(CLANG) -fsanitize=fuzzer $(SANITIZE),,setup-fuzz)))

# ---------------------------------------------------------------- checker

# What boots, compiled for the host: build/partcheck SYSTEM.dtb.
PARTCHECK := tools/partcheck/partcheck.c $(wildcard boot/config/*.c boot/payload/*.c boot/fdt/*.c drivers/uart*.c) \
             lib/fmt.c lib/parse.c

.PHONY: partcheck
partcheck: $(BUILD)/partcheck ## Build the checker of configurations (docs/partitions.md)

$(BUILD)/partcheck: $(PARTCHECK) $(HOST_DEPS) | setup-host
	$(call say,HOSTCC,$@)
	$(Q)$(HOSTCC) $(HOST_CFLAGS) -o $@ $(PARTCHECK) -lfdt

# ---------------------------------------------------------------- tests

# All of them take ONLY=regular-expression and end with "N passed, N failed".
SUITES   := check host fuzz models guest partition linux
export ONLY

.PHONY: test quick soak $(SUITES:%=test-%) host-tests check fuzz models bench bench-accept bench-paging
test: setup ## Everything, in some 20 minutes on two CPUs; ONLY=pattern selects
	@tests/run build $(SUITES)

quick: setup-build setup-check setup-host setup-run setup-fuzz ## In some three minutes: build, checks, host tests and one guest
	@tests/run build check host boot

soak: setup ## The long runs
	@tests/run --soak build $(SUITES)

test-check: setup-check setup-build setup-host setup-run setup-fuzz ## Static checks: layers, libfdt, FP, lines, headers, format
	@tests/run build check
test-host: setup-host ## Host tests of the pure logic, with ASan and UBSan
	@tests/run host
test-fuzz: setup-fuzz setup-host ## Fuzz targets with a fixed seed and count
	@tests/run fuzz
test-models: setup-build setup-models ## Spin models and litmus tests of what happens between CPUs
	@tests/run models
test-guest: setup-build setup-run setup-debug ## Bare-metal guests under QEMU
	@tests/run build guest
test-partition: setup-build setup-run setup-test ## Two partitions under QEMU: one attacks, the other must not notice
	@tests/run build partition
test-linux: setup-build setup-guest setup-run setup-uboot setup-test ## Debian under QEMU: shell, hotplug, reset, virtio, U-Boot
	@tests/run build linux

check: test-check ## The same as test-check
host-tests: test-host
fuzz: test-fuzz ## The same as test-fuzz
models: test-models ## The same as test-models

# What the tests under QEMU need, beside the image.
.PHONY: test-linux-parts
test-linux-parts: build/guest/channel.bin build/guest/periodic.bin build/guest/pagedwalk.bin $(INITRDGZ) \
		$(INITRD_KEXEC) $(if $(wildcard $(NEXT)),$(INITRD_NEXT)) $(BUILD)/pattern.img $(BUILD)/uboot-extlinux.img $(BUILD)/uboot-script.img

# QEMU's plugin that counts for tools/stretch.
$(BUILD)/stretch.so: tools/stretch-plugin.c Makefile | setup-host
	$(call say,HOSTCC,$<)
	$(Q)$(HOSTCC) -std=gnu11 -O2 -Wall -Wextra -Werror -shared -fPIC -fvisibility=hidden -o $@ $<

.PHONY: stretch
stretch: setup-run all ## The longest that a CPU is kept and a lock held under attack, against bounds
	@tools/stretch

bench: setup-run all ## The cost ledger: instructions per operation against the baseline
	@tools/bench

bench-accept: setup-run all ## Make the ledger of this tree the baseline
	@tools/bench --accept

bench-paging: setup-run all $(INITRDGZ) build/guest/neighbour.bin build/guest/storm.bin ## What sleeping for absent pages is worth: tables, docs/paging.svg
	@tools/bench-paging

# ---------------------------------------------------------------- looking at it

.PHONY: size disasm addr2line format clean distclean help
size: $(BUILD)/tocsin.elf ## Sizes of the image's sections, and of its largest functions
	@$(CROSS)size -A -x $< | sed -n '/^\./p'
	@echo; $(CROSS)nm --size-sort -r -t d $< | head -n 15

disasm: $(BUILD)/tocsin.elf ## Disassembly with source lines (build/tocsin.dis)
	$(call say,DISASM,$(BUILD)/tocsin.dis)
	$(Q)$(OBJDUMP) -dSl $< >$(BUILD)/tocsin.dis

addr2line: ## Source lines of a backtrace: ADDRS="0x1234 tocsin+0x5678"
	@$(CROSS)addr2line -fipae $(BUILD)/tocsin.elf $(patsubst tocsin+%,%,$(ADDRS))

format: setup-check ## Format the C sources
	@tests/check/format --write

clean: ## Remove what was built, keep the downloaded packages
	@rm -rf $(filter-out $(DEBIAN),$(wildcard $(BUILD)/*))

distclean: ## Remove everything
	@rm -rf $(BUILD)

help: ## This list
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
