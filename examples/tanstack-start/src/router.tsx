import { createRouter } from '@tanstack/react-router'
import { routeTree } from './routeTree.gen.ts'

export function getRouter() {
  // No preloading: a page that is preloaded shows its messages, and counts, before it is opened.
  return createRouter({ routeTree, defaultPreload: false })
}
