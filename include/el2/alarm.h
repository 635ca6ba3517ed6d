/* SPDX-License-Identifier: Apache-2.0 */
/* The alarm: a critical event that vCPUs ring on each other (abi/tocsin.h). */
#pragma once

#include <el2/trap.h>
#include <el2/vsdei.h>

extern const struct vsdei_owner owner_alarm;

struct verdict alarm_ring(struct vcpu *v, u32 fid);
struct verdict alarm_cancel(struct vcpu *v, u32 fid);
struct verdict alarm_status(struct vcpu *v, u32 fid);
