# SPDX-License-Identifier: Apache-2.0
# What the Debian guest's initrd has beside busybox: our kernel module (built with
# Debian's headers, in a copy of its folder) and two programs.

LINUX_RELEASE  = $(shell cat $(DEBIAN)/linux/release)
LINUX_HEADERS  = $(DEBIAN)/headers/usr/src/linux-headers-$(LINUX_RELEASE)
LINUX_BUILD    := $(BUILD)/linux
LINUX_PROGRAMS := $(LINUX_BUILD)/kexec $(LINUX_BUILD)/spin $(LINUX_BUILD)/sdei_test.ko
SDEI_TEST      := $(filter-out %/COPYING,$(wildcard guest/linux/sdei-test/*))

# Without debug information and build ID nothing in the module names this folder.
$(LINUX_BUILD)/sdei_test.ko: $(SDEI_TEST) include/abi/tocsin.h $(LINUX) guest/linux/linux.mk
	$(call say,KBUILD,$@)
	@rm -rf $(LINUX_BUILD)/sdei-test && mkdir -p $(LINUX_BUILD)/sdei-test
	@cp $(SDEI_TEST) $(LINUX_BUILD)/sdei-test/
	$(Q)$(MAKE) -s -C $(LINUX_HEADERS) M=$(CURDIR)/$(LINUX_BUILD)/sdei-test ARCH=arm64 \
		CROSS_COMPILE=$(CROSS) KCFLAGS="-Werror -I$(CURDIR)/include" modules \
		2>$(LINUX_BUILD)/sdei-test.log || { cat $(LINUX_BUILD)/sdei-test.log >&2; false; }
	$(Q)$(OBJCOPY) --strip-debug --remove-section=.note.gnu.build-id $(LINUX_BUILD)/sdei-test/sdei_test.ko $@

$(LINUX_BUILD)/kexec: $(wildcard guest/linux/kexec/*) $(LIBFDT) guest/linux/linux.mk
	$(call say,GUEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -static -s $(WARN) -isystem $(DEBIAN)/libfdt/usr/include -o $@ \
		$(filter guest/%.c guest/%.S,$^) $(LIBFDT)

$(LINUX_BUILD)/spin: guest/linux/spin/spin.S guest/linux/linux.mk | setup
	$(call say,GUEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -nostdlib -static -s -Wl,--build-id=none -o $@ $<
