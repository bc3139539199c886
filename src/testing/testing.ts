/** `sojourn/testing`: a test visitor, a fake clock, and the conformance suite for stores. */

export { fakeClock, type FakeClock } from './time/clock.ts'
export {
  storeConformance,
  type ConformanceCase,
  type OpenedStore,
  type StoreHarness,
} from './conformance/conformance.ts'
export { testVisitor, type HasHeaders, type TestVisitor } from './visitor.ts'
