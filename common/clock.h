/*
 * clock.h - the only clock
 *
 * Deadlines and timers use the monotonic clock; wall time is for what people
 * and other machines read.
 */
#ifndef VALS_CLOCK_H
#define VALS_CLOCK_H

#include <stdint.h>

/* Milliseconds and microseconds of CLOCK_MONOTONIC. */
int64_t clock_ms(void);
int64_t clock_us(void);

/* Seconds and microseconds since 1970 of the wall clock. */
int64_t clock_unix(void);
int64_t clock_unix_us(void);

#define CLOCK_ISO_SIZE 32

/* The wall time as 2026-01-31T23:59:59.123Z; returns out. */
const char *clock_iso(char out[static CLOCK_ISO_SIZE]);

/* A whole second since 1970 in the same form; returns out. */
const char *clock_iso_of(int64_t unix_s, char out[static CLOCK_ISO_SIZE]);

/* Sleep without being woken by handled signals; ms may be 0. */
void clock_sleep_ms(int64_t ms);

/* A random number in [0, below); for jitter, never for secrets. */
uint32_t clock_jitter(uint32_t below);

#endif
