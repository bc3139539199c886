import type { NextConfig } from 'next'

// The proxy is told which requests only prefetch a page: those must not take flash messages.
export default { skipProxyUrlNormalize: true } satisfies NextConfig
