/* SPDX-License-Identifier: Apache-2.0 */
/* A table whose slots the linker resolves by name: absolute relocations. */
extern int mock_target(void);

__attribute__((visibility("default"))) int mock_target(void)
{
	return 1;
}

extern int (*const mock_table[2])(void);
__attribute__((visibility("default"))) int (*const mock_table[2])(void) = { mock_target, 0 };
