/* SPDX-License-Identifier: Apache-2.0 */
/* What names a CPU (DDI0487 D24.2, MPIDR_EL1). */
#pragma once

/* Aff3 and Aff2 to Aff0. */
#define MPIDR_AFFINITY 0xff00ffffffUL
