/* `quad` on x86. */
INLINE quad quad_load(const float *p) { return _mm_loadu_ps(p); }
INLINE void quad_store(float *p, quad a) { _mm_storeu_ps(p, a); }
INLINE quad quad_add(quad a, quad b) { return _mm_add_ps(a, b); }
INLINE void quad_transpose(quad q[4]) {
  quad ab_low = _mm_unpacklo_ps(q[0], q[1]), ab_high = _mm_unpackhi_ps(q[0], q[1]);
  quad cd_low = _mm_unpacklo_ps(q[2], q[3]), cd_high = _mm_unpackhi_ps(q[2], q[3]);
  q[0] = _mm_movelh_ps(ab_low, cd_low);
  q[1] = _mm_movehl_ps(cd_low, ab_low);
  q[2] = _mm_movelh_ps(ab_high, cd_high);
  q[3] = _mm_movehl_ps(cd_high, ab_high);
}
