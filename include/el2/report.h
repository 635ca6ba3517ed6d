/* SPDX-License-Identifier: Apache-2.0 */
/* The one report that a partition's end by a fault leaves in the log. */
#pragma once

#include <lib/types.h>

struct vcpu;

/* Logs what v did: partition, vCPU, PC, syndrome in words, addresses and the
 * stage-2 walk of the IPA. v is loaded; esr is of its last exit. */
void report_fault(const struct vcpu *v, u64 esr);
