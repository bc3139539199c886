import type { NextConfig } from 'next'

// Tells the proxy which requests only prefetch a page. They must not remove flash messages.
export default { skipProxyUrlNormalize: true } satisfies NextConfig
