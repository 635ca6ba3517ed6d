/* SPDX-License-Identifier: Apache-2.0 */
/* For tests and fuzz targets: is a struct lock taken? */
#pragma once

#include <lib/lock.h>

#define lock_held(l) ((l)->serving != (l)->next)
