/*
 * t = whole + rest, |rest| ≤ ½, for |t| ≤ 126: adding 1.5·2²³ rounds t to an integer and leaves it in the low bits of the sum, from where a shift takes it into the
 * exponent.
 */
typedef struct {
  vec whole, rest, shifted;
} vec_exponent_split;
enum { VEC_SCALE_SATURATES = 0 };
INLINE vec_exponent_split vec_split_exponent(vec t) {
  const vec shift = vec_splat(12582912.0f);
  const vec shifted = vec_add(t, shift), whole = vec_sub(shifted, shift);
  return (vec_exponent_split){whole, vec_sub(t, whole), shifted};
}
/* 2^whole and a · 2^whole */
