/** Why there is no native engine here, in words for a run record. */
export class NativeUnavailable extends Error {
  override readonly name = 'NativeUnavailable';
}
