/* SPDX-License-Identifier: Apache-2.0 */
/* Stage-2 aborts: what the address is decides. */
#pragma once

#include <el2/trap.h>

/* EC 0x20 and 0x24. DDI0487 D8.15, D24.2.40. */
struct verdict trap_abort(struct vcpu *v, u64 esr);

/* The IPA of the abort being handled, from HPFAR_EL2 and v->far. */
u64 abort_ipa(const struct vcpu *v);
