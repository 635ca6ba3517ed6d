/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers in host tests: the test supplies this function. */
#pragma once

#include <lib/types.h>

bool rndr_read(u64 *value);
