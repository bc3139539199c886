import { expect, test } from 'vitest'
import { deviceOf } from '../../demo/pages/device-name.ts'

const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15'

test.each([
  [
    `Mozilla/5.0 (X11; Linux x86_64) ${WEBKIT} HeadlessChrome/156.0.0.0 Safari/537.36`,
    'Chrome, Linux',
  ],
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0`,
    'Edge, Windows',
  ],
  [
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Chrome/156.0.0.0 Safari/537.36 OPR/132.0.0.0`,
    'Opera, macOS',
  ],
  [
    `Mozilla/5.0 (Linux; Android 16; K) ${WEBKIT} Chrome/156.0.0.0 Mobile Safari/537.36`,
    'Chrome, Android',
  ],
  [
    `Mozilla/5.0 (Linux; Android 16; K) ${WEBKIT} SamsungBrowser/30.0 Chrome/140.0.0.0 Mobile Safari/537.36`,
    'Samsung Internet, Android',
  ],
  [`${IPHONE} (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1`, 'Safari, iPhone'],
  [`${IPHONE} (KHTML, like Gecko) CriOS/156.0 Mobile/15E148 Safari/604.1`, 'Chrome, iPhone'],
  [`${IPHONE} (KHTML, like Gecko) FxiOS/150.0 Mobile/15E148 Safari/604.1`, 'Firefox, iPhone'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox, Linux'],
  ['curl/8.14.1', 'curl'],
  ['Edgar, who is no browser', undefined],
  ['', undefined],
])('a device is called by its browser, not by one that it names as well: %s', (agent, name) => {
  const req = { get: () => agent } as unknown as Parameters<typeof deviceOf>[0]
  expect(deviceOf(req)).toBe(name)
})
