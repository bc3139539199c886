/** What tests need: the conformance suite for stores, and a clock that stands still. */

export { fakeClock, type FakeClock } from './clock.ts'
export {
  storeConformance,
  type ConformanceCase,
  type OpenedStore,
  type StoreHarness,
} from './conformance.ts'
