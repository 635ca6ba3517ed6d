# SPDX-License-Identifier: Apache-2.0
# What the Debian guest's initrd has beside busybox: our kernel modules (built with
# Debian's headers, in copies of their folders) and programs.

LINUX_RELEASE  = $(shell cat $(DEBIAN)/linux/release)
LINUX_HEADERS  = $(DEBIAN)/headers/usr/src/linux-headers-$(LINUX_RELEASE)
LINUX_BUILD    := $(BUILD)/linux
LINUX_PROGRAMS := $(addprefix $(LINUX_BUILD)/,kexec spin channel walk sleeper pagerd sdei_test.ko tocsin_channel.ko tocsin_apf.ko apf_stale.ko)

# $(1): the module, of the folder that is called so with a hyphen, and of common/.
# Without debug information and build ID nothing in it names this folder.
define linux_module
$(LINUX_BUILD)/$(1).ko: $(filter-out %/COPYING,$(wildcard guest/linux/$(subst _,-,$(1))/* guest/linux/common/*)) \
		$(wildcard include/abi/*.h) $(LINUX) guest/linux/linux.mk
	$$(call say,KBUILD,$$@)
	@rm -rf $(LINUX_BUILD)/$(1) && mkdir -p $(LINUX_BUILD)/$(1)
	@cp $$(filter guest/linux/$(subst _,-,$(1))/% guest/linux/common/%,$$^) $(LINUX_BUILD)/$(1)/
	$$(Q)$$(MAKE) -s -C $$(LINUX_HEADERS) M=$$(CURDIR)/$(LINUX_BUILD)/$(1) ARCH=arm64 \
		CROSS_COMPILE=$$(CROSS) KCFLAGS="-Werror -I$$(CURDIR)/include" modules \
		2>$(LINUX_BUILD)/$(1).log || { cat $(LINUX_BUILD)/$(1).log >&2; false; }
	$$(Q)$$(OBJCOPY) --strip-debug --remove-section=.note.gnu.build-id $(LINUX_BUILD)/$(1)/$(1).ko $$@
endef
$(foreach m,sdei_test tocsin_channel tocsin_apf apf_stale,$(eval $(call linux_module,$(m))))

$(LINUX_BUILD)/kexec: $(wildcard guest/linux/kexec/*) $(LIBFDT) guest/linux/linux.mk
	$(call say,GUEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -static -s $(WARN) -isystem $(DEBIAN)/libfdt/usr/include -o $@ \
		$(filter guest/%.c guest/%.S,$^) $(LIBFDT)

define linux_program
$(LINUX_BUILD)/$(1): guest/linux/$(1)/$(1).c guest/linux/linux.mk | setup
	$$(call say,GUEST,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) -std=gnu11 -O2 -static -s $$(WARN) -o $$@ $$<
endef
$(foreach p,walk sleeper,$(eval $(call linux_program,$(p))))

$(LINUX_BUILD)/channel: guest/linux/channel/channel.c guest/linux/tocsin-channel/tocsin_channel.h \
		guest/linux/linux.mk | setup
	$(call say,GUEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -static -s $(WARN) -o $@ $<

$(LINUX_BUILD)/pagerd: $(wildcard guest/linux/pagerd/*) guest/pager/pager.c guest/pager/pager.h \
		include/abi/pager.h guest/linux/tocsin-channel/tocsin_channel.h guest/linux/linux.mk | setup
	$(call say,GUEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -static -s $(WARN) -Iinclude -o $@ $(filter %.c,$^)

$(LINUX_BUILD)/spin: guest/linux/spin/spin.S guest/linux/linux.mk | setup
	$(call say,GUEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -nostdlib -static -s -Wl,--build-id=none -o $@ $<
