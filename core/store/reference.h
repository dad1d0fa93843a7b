/* SPDX-License-Identifier: Apache-2.0 */
/* References are plain text work that config and policy need too: they live in
   base. This name is where the store's users look for them. */
#ifndef STORE_REFERENCE_H
#define STORE_REFERENCE_H

#include "base/reference.h"

#endif
