/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PSCI 1.1 (DEN0022) as guests see it. Each function is an smccc_fn, listed in
 * el2/calls/smccc.c; power states change by compare-exchange of vcpu->power, so that
 * of two calls racing for one vCPU exactly one succeeds. No locks of its own.
 */
#pragma once

#include <el2/trap.h>
#include <lib/types.h>

struct vcpu;

struct verdict vpsci_version(struct vcpu *v, u32 fid);
struct verdict vpsci_features(struct vcpu *v, u32 fid);
struct verdict vpsci_cpu_suspend(struct vcpu *v, u32 fid);
struct verdict vpsci_cpu_off(struct vcpu *v, u32 fid);
struct verdict vpsci_cpu_on(struct vcpu *v, u32 fid);
struct verdict vpsci_affinity_info(struct vcpu *v, u32 fid);
struct verdict vpsci_migrate_info_type(struct vcpu *v, u32 fid);
struct verdict vpsci_system_off(struct vcpu *v, u32 fid);
struct verdict vpsci_system_reset(struct vcpu *v, u32 fid);
struct verdict vpsci_system_reset2(struct vcpu *v, u32 fid);
