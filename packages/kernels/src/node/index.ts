export { type EngineChoice, ENGINE_CHOICES, bestEngine, loadEngine } from './load-engine.js';
export { type NativeEngine, nativeEngine } from './native-engine.js';
export {
  type NativeLibrary,
  type NativeTarget,
  NativeUnavailable,
  availableTargets,
  loadNativeLibrary,
} from './native-library.js';
export { type NativeGpsEngine, bestGpsEngine, nativeGpsEngine } from './gps-native.js';
export { nativePeakProbe } from './native-peak-probe.js';
