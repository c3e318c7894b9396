/*
 * What the tests of the C kernels share. Each of them holds the kernels of one target against plain loops in double precision, on arrays that are exactly as large as the kernel may
 * use and off any alignment, to be run with the address and undefined-behaviour sanitizers (build/test-c.sh).
 *
 * Tests declare the kernels themselves, as the engines do, so that a signature that has changed without them shows here too.
 */
#ifndef METADESCENT_TESTING_H
#define METADESCENT_TESTING_H

#define PASTE(a, b) a##_##b
#define NAME(a, b) PASTE(a, b)
#define KERNEL(name) NAME(name, TARGET)

/* Counts a check, and prints and counts it where it fails. */
void check(int holds, const char *what);

/* Every |actual − expected| ≤ tolerance · (1 + largest |expected|). */
void compare(const char *what, const float *actual, const double *expected, long count, double tolerance);
void compare_doubles(const char *what, const double *actual, const double *expected, long count, double tolerance);

/* In (−1, 1), the same numbers in every run. */
double uniform(void);

/* `count` numbers that end with their allocation and start one number off its alignment; freed by `release`, `release_doubles`. */
float *floats(long count);
float *random_floats(long count, double scale);
float *zeros(long count);
void release(float *p);
double *doubles(long count);
double *random_doubles(long count, double scale);
void release_doubles(double *p);

double sigmoid(double x);

void test_lstm_kernels(void);
void test_network_kernels(void);
void test_gemm_kernels(void);
void test_elementwise_kernels(void);
void test_accumulator_kernels(void);
void test_gps_linear_algebra_kernels(void);
void test_gps_lqg_kernels(void);

#endif
