/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Included before everything: what is declared is in this image. Without it the
 * compiler, told to make position-independent code, would look up each variable
 * of another file in a table first.
 */
#pragma once

#pragma GCC visibility push(hidden)
