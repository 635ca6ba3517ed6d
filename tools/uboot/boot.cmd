# SPDX-License-Identifier: Apache-2.0
# Loads Tocsin and one guest and says in the tree where the guest's parts lie.
# $filesize is the size of the last file loaded, in hexadecimal.
setenv tree_at 0x4fc00000
setenv kernel_at 0x50000000
setenv initrd_at 0x58000000

load ${devtype} ${devnum}:${distro_bootpart} ${kernel_addr_r} tocsin.img
fdt addr ${fdtcontroladdr}
fdt move ${fdtcontroladdr} ${tree_at} 0x200000
fdt set /chosen bootargs "@TOCSIN@"
fdt set /chosen \#address-cells <2>
fdt set /chosen \#size-cells <2>

load ${devtype} ${devnum}:${distro_bootpart} ${kernel_at} kernel
fdt mknode /chosen module@50000000
fdt set /chosen/module@50000000 compatible "multiboot,kernel" "multiboot,module"
fdt set /chosen/module@50000000 reg <0 ${kernel_at} 0 0x${filesize}>
fdt set /chosen/module@50000000 bootargs "@CMDLINE@"

load ${devtype} ${devnum}:${distro_bootpart} ${initrd_at} initrd
fdt mknode /chosen module@58000000
fdt set /chosen/module@58000000 compatible "multiboot,ramdisk" "multiboot,module"
fdt set /chosen/module@58000000 reg <0 ${initrd_at} 0 0x${filesize}>

# bootargs of the environment would replace those in the tree.
setenv bootargs "@TOCSIN@"
booti ${kernel_addr_r} - ${tree_at}
