/* SPDX-License-Identifier: Apache-2.0 */
/* No plugin at all: a program. */
int main(void)
{
	return 0;
}
