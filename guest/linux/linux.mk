# SPDX-License-Identifier: Apache-2.0
# What the Debian guest's initrd has beside busybox: our kernel modules (built with
# Debian's headers, in copies of their folders) and programs.

LINUX_BUILD    := $(BUILD)/linux
LINUX_PROGRAMS := $(addprefix $(LINUX_BUILD)/,kexec spin channel walk sleeper pagerd)
LINUX_MODULES  := sdei_test tocsin_channel tocsin_apf apf_stale

# The kernels that modules are built for, folders of $(DEBIAN): this release's, and its
# backports', which is the next release's. The folders of their headers:
HEADERS_linux  := headers
HEADERS_next   := next-headers
headers_of      = $(DEBIAN)/$(HEADERS_$(1))/usr/src/linux-headers-$(shell cat $(DEBIAN)/$(1)/release)

# Kbuild cannot work below a folder with a blank in its name: there, the initrd has no modules.
BLANK          := $(if $(word 2,$(CURDIR)),yes)
modules_for     = $(if $(BLANK),,$(LINUX_MODULES:%=$(BUILD)/$(1)/%.ko))

# $(1): the kernel; $(2): the module, of the folder that is called so with a hyphen, and of
# common/. Without debug information and build ID nothing in it names this folder.
define linux_module
$(BUILD)/$(1)/$(2).ko: $(filter-out %/COPYING,$(wildcard guest/linux/$(subst _,-,$(2))/* guest/linux/common/*)) \
		$(wildcard include/abi/*.h) $(DEBIAN)/$(1)/Image guest/linux/linux.mk
	$$(call say,KBUILD,$$@)
	@rm -rf $(BUILD)/$(1)/$(2) && mkdir -p $(BUILD)/$(1)/$(2)
	@cp $$(filter guest/linux/$(subst _,-,$(2))/% guest/linux/common/%,$$^) $(BUILD)/$(1)/$(2)/
	$$(Q)$$(MAKE) -s -C $$(call headers_of,$(1)) M=$$(CURDIR)/$(BUILD)/$(1)/$(2) ARCH=arm64 \
		CROSS_COMPILE=$$(CROSS) KCFLAGS="-Werror -I$$(CURDIR)/include" \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules \
		2>$(BUILD)/$(1)/$(2).log || { cat $(BUILD)/$(1)/$(2).log >&2; false; }
	$$(Q)$$(OBJCOPY) --strip-debug --remove-section=.note.gnu.build-id $(BUILD)/$(1)/$(2)/$(2).ko $$@
endef
$(foreach k,linux next,$(foreach m,$(LINUX_MODULES),$(eval $(call linux_module,$(k),$(m)))))

$(LINUX_BUILD)/kexec: $(wildcard guest/linux/kexec/*) $(LIBFDT) guest/linux/linux.mk | setup-guest
	$(call say,GUEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -static -s $(WARN) -isystem $(DEBIAN)/libfdt/usr/include -o $@ \
		$(filter guest/%.c guest/%.S,$^) $(LIBFDT)

define linux_program
$(LINUX_BUILD)/$(1): guest/linux/$(1)/$(1).c guest/linux/linux.mk | setup-guest
	$$(call say,GUEST,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) -std=gnu11 -O2 -static -s $$(WARN) -o $$@ $$<
endef
$(foreach p,walk sleeper,$(eval $(call linux_program,$(p))))

$(LINUX_BUILD)/channel: guest/linux/channel/channel.c guest/linux/tocsin-channel/tocsin_channel.h \
		guest/linux/linux.mk | setup-guest
	$(call say,GUEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -static -s $(WARN) -o $@ $<

$(LINUX_BUILD)/pagerd: $(wildcard guest/linux/pagerd/*) guest/pager/pager.c guest/pager/pager.h \
		include/abi/pager.h guest/linux/tocsin-channel/tocsin_channel.h guest/linux/linux.mk | setup-guest
	$(call say,GUEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -static -s $(WARN) -Iinclude -o $@ $(filter %.c,$^)

$(LINUX_BUILD)/spin: guest/linux/spin/spin.S guest/linux/linux.mk | setup-guest
	$(call say,GUEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -nostdlib -static -s -Wl,--build-id=none -o $@ $<
