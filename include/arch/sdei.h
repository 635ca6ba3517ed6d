/* SPDX-License-Identifier: Apache-2.0 */
/* Software Delegated Exception Interface (DEN0054): calls, results, constants. */
#pragma once

#include <lib/bits.h>

/* Function identifiers: fast, 64 bits, standard service; numbers 0x20 to 0x3f are SDEI's. */
#define SDEI_VERSION 0xc4000020u
#define SDEI_EVENT_REGISTER 0xc4000021u
#define SDEI_EVENT_ENABLE 0xc4000022u
#define SDEI_EVENT_DISABLE 0xc4000023u
#define SDEI_EVENT_CONTEXT 0xc4000024u
#define SDEI_EVENT_COMPLETE 0xc4000025u
#define SDEI_EVENT_COMPLETE_AND_RESUME 0xc4000026u
#define SDEI_EVENT_UNREGISTER 0xc4000027u
#define SDEI_EVENT_STATUS 0xc4000028u
#define SDEI_EVENT_GET_INFO 0xc4000029u
#define SDEI_EVENT_ROUTING_SET 0xc400002au
#define SDEI_PE_MASK 0xc400002bu
#define SDEI_PE_UNMASK 0xc400002cu
#define SDEI_INTERRUPT_BIND 0xc400002du
#define SDEI_INTERRUPT_RELEASE 0xc400002eu
#define SDEI_EVENT_SIGNAL 0xc400002fu
#define SDEI_FEATURES 0xc4000030u
#define SDEI_PRIVATE_RESET 0xc4000031u
#define SDEI_SHARED_RESET 0xc4000032u

/* Results, of 64 bits. */
#define SDEI_SUCCESS 0L
#define SDEI_NOT_SUPPORTED (-1L)
#define SDEI_INVALID_PARAMETERS (-2L)
#define SDEI_DENIED (-3L)
#define SDEI_PENDING (-5L)
#define SDEI_OUT_OF_RESOURCE (-10L)

/* The event that EVENT_SIGNAL raises: private, of normal priority. */
#define SDEI_EVENT_SOFTWARE 0u

/* VERSION */
#define SDEI_VERSION_MAJOR GENMASK(62, 48)
#define SDEI_VERSION_MINOR GENMASK(47, 32)
#define SDEI_VERSION_VENDOR GENMASK(31, 0)

/* EVENT_REGISTER's flags, and ROUTING_SET's mode */
#define SDEI_REGISTER_RM_PE BIT(0)
#define SDEI_REGISTER_RELATIVE BIT(1)
enum sdei_routing_mode { SDEI_RM_ANY, SDEI_RM_PE };

/* EVENT_STATUS */
#define SDEI_STATUS_REGISTERED BIT(0)
#define SDEI_STATUS_ENABLED BIT(1)
#define SDEI_STATUS_RUNNING BIT(2)

/* EVENT_GET_INFO: what is asked, and answers. SIGNALED is 0 for an event that can be. */
enum sdei_info {
	SDEI_INFO_TYPE,
	SDEI_INFO_SIGNALED,
	SDEI_INFO_PRIORITY,
	SDEI_INFO_ROUTING_MODE,
	SDEI_INFO_ROUTING_AFFINITY
};
enum sdei_type { SDEI_TYPE_PRIVATE, SDEI_TYPE_SHARED };
enum sdei_priority { SDEI_NORMAL, SDEI_CRITICAL };

/* FEATURES */
enum sdei_feature { SDEI_FEATURE_BIND_SLOTS, SDEI_FEATURE_RELATIVE_MODE };

/* EVENT_CONTEXT: x0 to x17 */
#define SDEI_CONTEXT_REGISTERS 18
