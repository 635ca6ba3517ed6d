/* SPDX-License-Identifier: Apache-2.0 */
/* Syndromes in words (DDI0487 D24.2.40). */
#pragma once

#include <lib/types.h>

/* Of an exception class, and of a fault status code; never NULL. */
const char *esr_class_name(u32 ec);
const char *fault_status_name(u32 fsc);
