/** Makes a screenshot small: 96 colours in a palette, which a page with few colours does not miss. */

import { crc32, deflateSync, inflateSync } from 'node:zlib'

/** The same picture as a PNG with a palette. `png`: 8 bits per channel, not interlaced, as of a browser. */
export function smallPng(png: Buffer): Buffer {
  const { width, height, pixels } = decoded(png)
  const palette = paletteOf(pixels)
  const known = new Map<number, number>()
  const rows = Buffer.alloc(height * (width + 1))
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const color = pixels[y * width + x]!
      let index = known.get(color)
      if (index === undefined) known.set(color, (index = nearest(palette, color)))
      rows[y * (width + 1) + 1 + x] = index
    }
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  // 8 bits, palette.
  head.set([8, 3, 0, 0, 0], 8)
  const colors = Buffer.from(
    palette.flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255]),
  )
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', head),
    chunk('PLTE', colors),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}

/** The pixels of a picture as 0xRRGGBB. */
function decoded(png: Buffer): { width: number; height: number; pixels: Uint32Array } {
  const parts: Buffer[] = []
  let head: Buffer = Buffer.alloc(0)
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at)
    const data = png.subarray(at + 8, at + 8 + length)
    const type = png.toString('latin1', at + 4, at + 8)
    if (type === 'IHDR') head = data
    if (type === 'IDAT') parts.push(data)
    at += length + 12
  }
  const [width, height, channels] = [
    head.readUInt32BE(0),
    head.readUInt32BE(4),
    head[9] === 6 ? 4 : 3,
  ]
  const bytes = unfiltered(inflateSync(Buffer.concat(parts)), width * channels, height, channels)
  const pixels = new Uint32Array(width * height)
  for (let at = 0; at < pixels.length; at++) pixels[at] = bytes.readUIntBE(at * channels, 3)
  return { width, height, pixels }
}

/** Undoes the filters of the lines (PNG, section 9.2). */
function unfiltered(raw: Buffer, stride: number, height: number, step: number): Buffer {
  const out = Buffer.alloc(stride * height)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)]
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x
      const left = x >= step ? out[at - step]! : 0
      const up = y > 0 ? out[at - stride]! : 0
      const corner = x >= step && y > 0 ? out[at - stride - step]! : 0
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter!]!
      out[at] = raw[y * (stride + 1) + 1 + x]! + guess
    }
  }
  return out
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)]
  return a <= b && a <= c ? left : b <= c ? up : corner
}

/** The 96 most frequent colours, of those that differ visibly. */
function paletteOf(pixels: Uint32Array): number[] {
  const groups = new Map<number, Map<number, number>>()
  for (const color of pixels) {
    const group = color & 0xf8f8f8
    const counts = groups.get(group) ?? new Map<number, number>()
    groups.set(group, counts.set(color, (counts.get(color) ?? 0) + 1))
  }
  return [...groups.values()]
    .map((counts) => {
      const [top] = [...counts].toSorted((a, b) => b[1] - a[1])
      return { color: top![0], count: [...counts.values()].reduce((sum, count) => sum + count, 0) }
    })
    .toSorted((a, b) => b.count - a.count)
    .slice(0, 96)
    .map(({ color }) => color)
}

function nearest(palette: readonly number[], color: number): number {
  const away = (other: number) =>
    [16, 8, 0].reduce((sum, by) => sum + (((other >> by) & 255) - ((color >> by) & 255)) ** 2, 0)
  let best = 0
  for (const [index, other] of palette.entries()) {
    if (away(other) < away(palette[best]!)) best = index
  }
  return best
}
