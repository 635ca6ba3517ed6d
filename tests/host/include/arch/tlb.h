/* SPDX-License-Identifier: Apache-2.0 */
/* TLB maintenance in host tests: the test supplies what is wanted. */
#pragma once

#include <lib/types.h>

void tlbi_el2_page(u64 va);
void tlbi_el2_all(void);
void tlbi_stage2_ipa(u64 ipa);
void tlbi_stage1(void);
void tlbi_stages12(void);
void tlbi_stage1_local(void);
