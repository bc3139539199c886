/** `sojourn/testing`: a test visitor, a fake clock, and the conformance suites for stores and adapters. */

export { fakeClock, type FakeClock } from './time/clock.ts'
export {
  storeConformance,
  type ConformanceCase,
  type OpenedStore,
  type StoreHarness,
} from './conformance/conformance.ts'
export { adapterConformance, type AdapterCase } from './adapter-conformance/conformance.ts'
export {
  type AdapterFeature,
  type AdapterHarness,
  type AppErrorPage,
  type ConformanceApp,
} from './adapter-conformance/harness.ts'
export {
  appRequest,
  responseOf,
  sendReply,
  startServer,
  type AppReply,
  type AppRequest,
  type ConformanceServer,
  type StartedApp,
} from './adapter-conformance/exchange.ts'
export { testVisitor, type HasHeaders, type TestVisitor } from './visitor.ts'
