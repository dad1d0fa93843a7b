/* SPDX-License-Identifier: Apache-2.0 */
/* The floor under every start of a program. */
int main(void)
{
	return 0;
}
