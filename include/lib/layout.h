/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts that assembly, hardware, files or guests share with C: a compiler that disagrees stops.
 */
#pragma once

#include <lib/types.h>

#define REQUIRE(condition) _Static_assert(condition, #condition)
/* The member is that many bytes from the start of the type. */
#define LAYOUT(type, member, at) REQUIRE(offsetof(type, member) == (at))
#define LAYOUT_SIZE(type, bytes) REQUIRE(sizeof(type) == (bytes))
#define POWER_OF_TWO(n) REQUIRE((n) && !((n) & ((n)-1)))
