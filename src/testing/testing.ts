/** What tests need: a visitor, a clock that stands still, and the conformance suite for stores. */

export { fakeClock, type FakeClock } from './time/clock.ts'
export {
  storeConformance,
  type ConformanceCase,
  type OpenedStore,
  type StoreHarness,
} from './conformance/conformance.ts'
export { testVisitor, type HasHeaders, type TestVisitor } from './visitor.ts'
