/** What to call the device a request comes from: `Firefox, Linux`. */

import type { Request } from 'express'

/** By its User-Agent, which says what it likes: good for a list, and for nothing else. */
export function deviceOf(req: Request): string | undefined {
  const agent = req.get('user-agent') ?? ''
  return [named(BROWSERS, agent), named(SYSTEMS, agent)].filter(Boolean).join(', ') || undefined
}

function named(names: Readonly<Record<string, RegExp>>, agent: string): string | undefined {
  return Object.keys(names).find((name) => names[name]!.test(agent))
}

// In this order: most browsers also name those that came before them. Edge says "Chrome/156.0.0.0
// Safari/537.36 Edg/156.0.0.0", and Android "Linux; Android 16".
const BROWSERS = {
  Edge: /\bEdg(A|iOS|e)?\//,
  Opera: /\bOP(R|T|X)\//,
  'Samsung Internet': /\bSamsungBrowser\//,
  Firefox: /\b(Firefox|FxiOS)\//,
  Chrome: /(Chrome|CriOS|Chromium)\//,
  Safari: /\bSafari\//,
  curl: /\bcurl\//,
}

const SYSTEMS = {
  iPhone: /\biPhone\b/,
  iPad: /\biPad\b/,
  Android: /\bAndroid\b/,
  ChromeOS: /\bCrOS\b/,
  Windows: /\bWindows\b/,
  macOS: /\bMac OS X\b/,
  Linux: /\bLinux\b/,
}
