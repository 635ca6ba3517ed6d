/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest may know of Tocsin: its vendor-specific hypervisor service
 * (DEN0028, owner 6), by HVC or SMC. Plain C and no includes, so that a guest
 * can use this file as it is.
 */
#pragma once

/* The service's UUID f8c6dbeb-28e6-4cd7-ab9e-fb8f6498f798 as
 * VENDOR_HYP_UID (0x8600ff01) returns it in w0-w3: byte 0 of the UUID is bits
 * 7:0 of w0. */
#define TOCSIN_UID_0 0xebdbc6f8u
#define TOCSIN_UID_1 0xd74ce628u
#define TOCSIN_UID_2 0x8ffb9eabu
#define TOCSIN_UID_3 0x98f79864u

/* VENDOR_HYP_REVISION (0x8600ff03): major in w0, minor in w1. */
#define TOCSIN_REVISION_MAJOR 0
#define TOCSIN_REVISION_MINOR 1

/* Which functions of the service there are: w0 has bit n set if function
 * 0x8600000n answers; w1-w3 are 0. */
#define TOCSIN_FEATURES 0x86000000u
#define TOCSIN_FEATURE_FEATURES (1u << 0)
