// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels to other partitions for user space. A node "tocsin,channel" has the page of
 * registers, the doorbell's interrupt and the memory's node; what a program may do with
 * it is in tocsin_channel.h.
 */
#include "tocsin_channel.h"

#include <abi/channel.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/platform_device.h>
#include <linux/poll.h>
#include <linux/uaccess.h>
#include <linux/version.h>

struct channel {
	struct miscdevice misc;
	char name[32];
	int number;
	void __iomem *registers;
	struct resource memory; /* empty: there is none */
	u64 size;
	bool may_write;
	wait_queue_head_t wait;
	atomic_t bells; /* rung and not read by a program */
};

static DEFINE_IDA(numbers);

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

static u32 get(const struct channel *c, u32 reg)
{
	return readl(c->registers + reg);
}

static struct channel *channel_of(struct file *file)
{
	return container_of(file->private_data, struct channel, misc);
}

/* Another process may take the bells between being woken and looking. */
static ssize_t channel_read(struct file *file, char __user *to, size_t len, loff_t *at)
{
	struct channel *c = channel_of(file);
	u32 bells;

	if (len < sizeof(bells))
		return -EINVAL;
	while (!(bells = atomic_xchg(&c->bells, 0))) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(c->wait, atomic_read(&c->bells)))
			return -ERESTARTSYS;
	}
	if (!copy_to_user(to, &bells, sizeof(bells)))
		return sizeof(bells);
	atomic_or(bells, &c->bells);
	return -EFAULT;
}

static ssize_t channel_write(struct file *file, const char __user *from, size_t len, loff_t *at)
{
	u32 bells;

	if (len != sizeof(bells))
		return -EINVAL;
	if (copy_from_user(&bells, from, sizeof(bells)))
		return -EFAULT;
	wmb(); /* what the program has written is seen before the bell is heard */
	writel(bells, channel_of(file)->registers + TOCSIN_CHANNEL_RING);
	return sizeof(bells);
}

static __poll_t channel_poll(struct file *file, poll_table *table)
{
	struct channel *c = channel_of(file);

	poll_wait(file, &c->wait, table);
	return EPOLLOUT | EPOLLWRNORM | (atomic_read(&c->bells) ? EPOLLIN | EPOLLRDNORM : 0);
}

static long channel_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	struct channel *c = channel_of(file);
	struct tocsin_channel_info info = {.size = c->size, .may_write = c->may_write};

	if (command != TOCSIN_CHANNEL_GET_INFO)
		return -ENOTTY;
	info.peer_runs = !!(get(c, TOCSIN_CHANNEL_STATUS) & TOCSIN_CHANNEL_PEER_RUNS);
	info.peer_starts = get(c, TOCSIN_CHANNEL_PEER_STARTS);
	for (u32 i = 0; i < sizeof(info.peer); i++)
		info.peer[i] = get(c, TOCSIN_CHANNEL_PEER_NAME + (i & ~3)) >> i % 4 * 8;
	return copy_to_user((void __user *)arg, &info, sizeof(info)) ? -EFAULT : 0;
}

/* Cacheable, as the peer has it: both see the same memory at once. */
static int channel_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct channel *c = channel_of(file);

	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	vm_flags_clear(vma, VM_MAYEXEC);
	if (!c->may_write) {
		if (vma->vm_flags & VM_WRITE)
			return -EACCES;
		vm_flags_clear(vma, VM_MAYWRITE);
	}
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	return vm_iomap_memory(vma, c->memory.start, c->size);
}

static const struct file_operations operations = {
    .owner = THIS_MODULE,
    .read = channel_read,
    .write = channel_write,
    .poll = channel_poll,
    .unlocked_ioctl = channel_ioctl,
    .mmap = channel_mmap,
};

static irqreturn_t doorbell(int irq, void *cookie)
{
	struct channel *c = cookie;
	u32 bells = get(c, TOCSIN_CHANNEL_BELLS);

	if (!bells)
		return IRQ_NONE;
	atomic_or(bells, &c->bells);
	wake_up_interruptible(&c->wait);
	return IRQ_HANDLED;
}

static int find_memory(struct channel *c, struct device *dev)
{
	struct device_node *node = of_parse_phandle(dev->of_node, "memory-region", 0);
	int err;

	if (!node)
		return 0;
	err = of_address_to_resource(node, 0, &c->memory);
	of_node_put(node);
	if (!err)
		c->size = resource_size(&c->memory);
	return err;
}

static void give_number_back(void *c)
{
	ida_free(&numbers, ((struct channel *)c)->number);
}

static void close_device(void *c)
{
	misc_deregister(&((struct channel *)c)->misc);
}

static int name_device(struct channel *c, struct device *dev)
{
	c->number = ida_alloc(&numbers, GFP_KERNEL);
	if (c->number < 0)
		return c->number;
	snprintf(c->name, sizeof(c->name), "tocsin-channel%d", c->number);
	c->misc = (struct miscdevice){
	    .minor = MISC_DYNAMIC_MINOR, .name = c->name, .fops = &operations, .parent = dev};
	return devm_add_action_or_reset(dev, give_number_back, c);
}

static int channel_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct channel *c = devm_kzalloc(dev, sizeof(*c), GFP_KERNEL);
	int irq, err;

	if (!c)
		return -ENOMEM;
	init_waitqueue_head(&c->wait);
	c->registers = devm_platform_ioremap_resource(pdev, 0);
	if (IS_ERR(c->registers))
		return PTR_ERR(c->registers);
	if (get(c, TOCSIN_CHANNEL_MAGIC) != TOCSIN_CHANNEL_MAGIC_VALUE)
		return -ENODEV;
	c->may_write = get(c, TOCSIN_CHANNEL_STATUS) & TOCSIN_CHANNEL_MAY_WRITE;
	err = find_memory(c, dev) ?: name_device(c, dev);
	if (err)
		return err;
	irq = platform_get_irq(pdev, 0);
	if (irq < 0)
		return irq;
	err = devm_request_irq(dev, irq, doorbell, 0, c->name, c);
	if (err)
		return err;
	/* What has rung before anybody listened raises no interrupt again. */
	atomic_or(get(c, TOCSIN_CHANNEL_BELLS), &c->bells);
	return misc_register(&c->misc) ?: devm_add_action_or_reset(dev, close_device, c);
}

static const struct of_device_id matches[] = {{.compatible = "tocsin,channel"}, {}};
MODULE_DEVICE_TABLE(of, matches);

/* A program may hold the device open for as long as it likes: no unbinding by hand. */
static struct platform_driver channel_driver = {
    .probe = channel_probe,
    .driver = {.name = "tocsin-channel", .of_match_table = matches, .suppress_bind_attrs = true},
};
module_platform_driver(channel_driver);

MODULE_DESCRIPTION("Shared memory and doorbells between Tocsin's partitions");
MODULE_LICENSE("GPL");
