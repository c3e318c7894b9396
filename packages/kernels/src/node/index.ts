export { type EngineChoice, ENGINE_CHOICES, bestEngine, loadEngine } from './load-engine.js';
export { type NativeEngine, nativeEngine } from './native-engine.js';
export {
  type NativeLibrary,
  type NativeTarget,
  availableTargets,
  loadNativeLibrary,
} from './native-library.js';
export { NativeUnavailable } from './native-unavailable.js';
export { type NativeGpsEngine, bestGpsEngine, nativeGpsEngine } from './gps-native.js';
export { nativePeakProbe } from './native-peak-probe.js';
