# SPDX-License-Identifier: Apache-2.0
# LOCKSTEP_HARDENING: warnings, hardening, sanitizers and coverage.
# Each flag is probed; what the compiler does not know is left out.

AC_DEFUN([LOCKSTEP_CFLAG], [
  AS_VAR_PUSHDEF([cached], [lockstep_cv_cflag_$1])
  AC_CACHE_CHECK([whether $CC takes $1], [cached], [
    saved_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -Werror $$2 $1"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([])], [AS_VAR_SET([cached], [yes])], [AS_VAR_SET([cached], [no])])
    CFLAGS=$saved_CFLAGS
  ])
  AS_VAR_IF([cached], [yes], [$2="$$2 $1"])
  AS_VAR_POPDEF([cached])
])

AC_DEFUN([LOCKSTEP_LDFLAG], [
  AS_VAR_PUSHDEF([cached], [lockstep_cv_ldflag_$1])
  AC_CACHE_CHECK([whether the linker takes $1], [cached], [
    saved_LDFLAGS=$LDFLAGS
    LDFLAGS="$LDFLAGS $1"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([])], [AS_VAR_SET([cached], [yes])], [AS_VAR_SET([cached], [no])])
    LDFLAGS=$saved_LDFLAGS
  ])
  AS_VAR_IF([cached], [yes], [$2="$$2 $1"])
  AS_VAR_POPDEF([cached])
])

# Level 3 where it is known; nothing where the compiler does not optimise, as
# the C library would warn in every file.
AC_DEFUN([LOCKSTEP_FORTIFY], [
  AC_CACHE_CHECK([which _FORTIFY_SOURCE works], [lockstep_cv_fortify], [
    lockstep_cv_fortify=none
    saved_CFLAGS=$CFLAGS
    for level in 3 2; do
      CFLAGS="$saved_CFLAGS -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$level"
      AS_IF([test "$lockstep_cv_fortify" = none],
        [AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <string.h>]], [[char c[4]; memset(c, 0, 4); return c[0];]])],
          [lockstep_cv_fortify=$level])])
    done
    CFLAGS=$saved_CFLAGS
  ])
  AS_IF([test "$lockstep_cv_fortify" != none],
    [HARDEN_CPPFLAGS="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$lockstep_cv_fortify"])
])

AC_DEFUN([LOCKSTEP_HARDENING], [
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers=LIST], [build with -fsanitize=LIST (address,undefined or thread)])],
    [], [enable_sanitizers=no])
  AC_ARG_ENABLE([coverage],
    [AS_HELP_STRING([--enable-coverage], [build for a coverage report])], [], [enable_coverage=no])
  AC_ARG_ENABLE([werror],
    [AS_HELP_STRING([--enable-werror], [warnings are errors])], [], [enable_werror=no])

  WARN_CFLAGS=
  m4_foreach_w([flag], [-Wall -Wextra -Wformat=2 -Wconversion -Wsign-conversion -Wimplicit-fallthrough
    -Wtrampolines -Wbidi-chars=any -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wundef
    -Werror=format-security -Werror=implicit -Werror=incompatible-pointer-types
    -Werror=int-conversion], [LOCKSTEP_CFLAG(flag, [WARN_CFLAGS])])
  AS_IF([test "$enable_werror" = yes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])

  HARDEN_CPPFLAGS=
  HARDEN_CFLAGS=
  HARDEN_LDFLAGS=
  SAFE_LDFLAGS=
  m4_foreach_w([flag], [-fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing
    -fexceptions -fPIE], [LOCKSTEP_CFLAG(flag, [HARDEN_CFLAGS])])
  AS_IF([test "$enable_sanitizers" = no && test "$enable_coverage" = no], [
    m4_foreach_w([flag], [-fstack-protector-strong -fstack-clash-protection -fcf-protection=full
      -mbranch-protection=standard -ftrivial-auto-var-init=zero -fstrict-flex-arrays=3],
      [LOCKSTEP_CFLAG(flag, [HARDEN_CFLAGS])])
    LOCKSTEP_FORTIFY
    # -fexceptions asks for the unwinder. Its few functions are linked in:
    # to map libgcc_s.so costs a sixth of a short command's whole time.
    LOCKSTEP_LDFLAG([-static-libgcc], [HARDEN_LDFLAGS])
  ])
  # What the plugin loader asks of every plugin: bound at load, nothing
  # undefined, no executable stack. lockstep.pc hands these to outsiders.
  m4_foreach_w([flag], [[-Wl,-z,relro] [-Wl,-z,now] [-Wl,-z,noexecstack] [-Wl,-z,separate-code]],
    [LOCKSTEP_LDFLAG(flag, [SAFE_LDFLAGS])])
  m4_foreach_w([flag], [[-Wl,--as-needed] [-Wl,--no-copy-dt-needed-entries] [-Wl,--build-id=sha1]],
    [LOCKSTEP_LDFLAG(flag, [HARDEN_LDFLAGS])])
  NODEFS_LDFLAGS="-Wl,-z,defs"

  SANITIZE_CFLAGS=
  AS_IF([test "$enable_sanitizers" != no], [
    AS_IF([test "$enable_sanitizers" = yes], [enable_sanitizers=address,undefined])
    SANITIZE_CFLAGS="-fsanitize=$enable_sanitizers -fno-omit-frame-pointer -fno-sanitize-recover=all"
    NODEFS_LDFLAGS=
    AC_DEFINE([SANITIZED], [1], [Built with a sanitizer.])
  ])
  AM_CONDITIONAL([SANITIZED], [test "$enable_sanitizers" != no])
  AS_IF([test "$enable_coverage" = yes],
    [SANITIZE_CFLAGS="$SANITIZE_CFLAGS --coverage -fprofile-update=atomic"])

  AC_SUBST([WARN_CFLAGS])
  AC_SUBST([HARDEN_CPPFLAGS])
  AC_SUBST([HARDEN_CFLAGS])
  AC_SUBST([HARDEN_LDFLAGS])
  AC_SUBST([SAFE_LDFLAGS])
  AC_SUBST([NODEFS_LDFLAGS])
  AC_SUBST([SANITIZE_CFLAGS])
])
