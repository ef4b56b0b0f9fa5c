# Unit tests: one program per file of C, in TAP; without cmocka they are left out.

if HAVE_CMOCKA
check_PROGRAMS +=
endif

