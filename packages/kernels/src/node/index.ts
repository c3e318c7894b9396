export { type EngineChoice, ENGINE_CHOICES, bestEngine, loadEngine } from './load-engine.js';
export { type NativeEngine, nativeEngine } from './native-engine.js';
export type { NativeLibrary, NativeTarget } from '../engine/native-functions.js';
export { availableTargets, loadNativeLibrary } from './native-library.js';
export { NativeUnavailable } from './native-unavailable.js';
export { type NativeGpsEngine, bestGpsEngine, nativeGpsEngine } from './native-gps-engine.js';
export { nativePeakProbe } from './native-peak-probe.js';
