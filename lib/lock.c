/* SPDX-License-Identifier: Apache-2.0 */
#include <lib/lock.h>

bool spin_lse;
