/** What apps do with a Node response: each scenario runs with and without the gate. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import { PassThrough, pipeline, Readable } from 'node:stream'
import compression from 'compression'
import { codeOf, loose } from './loose.ts'

/** One exchange, as its handler sees it. */
export interface Exchange {
  req: IncomingMessage
  res: ServerResponse
  /** Notes something the handler has seen. */
  note: (...seen: unknown[]) => void
  /** Does something and notes whether it threw, and with which code. */
  attempt: (name: string, action: () => unknown) => void
}

/** A middleware mounted before or after the gate. */
export type Middleware = (req: any, res: any, next: () => void) => void

export interface Scenario {
  handler: (exchange: Exchange) => void
  protocols?: readonly ('http1' | 'http2')[]
  method?: string
  headers?: Record<string, string>
  before?: Middleware
  after?: Middleware
}

const HTTP1 = { protocols: ['http1'] } as const
const HTTP2 = { protocols: ['http2'] } as const
const gzipped = { 'accept-encoding': 'gzip' }
const compress = (): Middleware => compression({ threshold: 0 }) as Middleware
const TEXT = 'some text, '.repeat(2000)
const BIG = Buffer.alloc(300_000, 'abcdefghij')

/** Mounted after the gate, as on-headers does it: hears of the head before it is written. */
function onHead(listener: (res: ServerResponse) => void): Middleware {
  return (_req, res: ServerResponse, next) => {
    const { writeHead } = res
    let isFirst = true
    res.writeHead = function (this: ServerResponse, ...args: any[]) {
      if (isFirst) {
        isFirst = false
        listener(res)
      }
      return (writeHead as (...args: any[]) => any).apply(this, args)
    } as typeof writeHead
    next()
  }
}

export const SCENARIOS: Record<string, Scenario> = {
  'end with a text': { handler: ({ res }) => void res.end('hello') },
  'end with a buffer': { handler: ({ res }) => void res.end(Buffer.from('hello')) },
  'end with an encoding': { handler: ({ res }) => void res.end('aGVsbG8=', 'base64') },
  'end with nothing': { handler: ({ res }) => void res.end() },
  'end with an empty text': { handler: ({ res }) => void res.end('') },
  'end with only a callback': { handler: ({ res, note }) => void res.end(() => note('ended')) },
  'end with a chunk and a callback': {
    handler: ({ res, note }) => void res.end('hello', () => note('ended')),
  },
  'a status and headers set before end': {
    handler({ res }) {
      res.statusCode = 404
      res.setHeader('X-One', ['1', '2'])
      res.setHeader('Content-Type', 'text/html')
      res.end('<p>not here')
    },
  },
  'a reason set before end': {
    ...HTTP1,
    handler({ res }) {
      res.statusCode = 404
      res.statusMessage = 'Nowhere'
      res.end('x')
    },
  },
  streaming: {
    handler({ res, note }) {
      note(
        res.write('one ', () => note('one is out')),
        res.headersSent,
      )
      note(res.write('two ', 'utf8', () => note('two is out')))
      setTimeout(() => res.end('three', () => note('ended')), 5)
    },
  },
  'streaming over longer than the commit': {
    handler({ res, note }) {
      res.write('one ')
      setTimeout(() => {
        note(res.headersSent)
        res.write('two ')
        setTimeout(() => res.end('three'), 25)
      }, 25)
    },
  },
  'streaming more than there is room for, waiting for drain': {
    handler({ res }) {
      let left = 12
      const more = () => {
        while (left-- > 0) if (!res.write(BIG)) return void res.once('drain', more)
        res.end()
      }
      more()
    },
  },
  HEAD: {
    method: 'HEAD',
    handler({ res, note }) {
      res.setHeader('Content-Length', 5)
      res.end('hello', () => note('ended'))
    },
  },
  'HEAD, streamed': {
    ...HTTP1,
    method: 'HEAD',
    handler({ res, note }) {
      res.write('one', () => note('one is out'))
      res.end('two')
    },
  },
  '304': {
    handler({ res }) {
      res.setHeader('ETag', '"1"')
      res.writeHead(304)
      res.end()
    },
  },
  '204 by statusCode': {
    handler({ res }) {
      res.statusCode = 204
      res.end()
    },
  },
  pipe: { handler: ({ res }) => void Readable.from(['a', 'b', 'c']).pipe(res) },
  'pipe of something big': {
    handler({ res, note }) {
      res.on('pipe', () => note('piped')).on('unpipe', () => note('unpiped'))
      Readable.from(Array.from({ length: 10 }, () => BIG)).pipe(res)
    },
  },
  pipeline: {
    handler({ res, note }) {
      pipeline(Readable.from([BIG, BIG, BIG]), new PassThrough(), res, (error) =>
        note('pipeline is done', error?.code),
      )
    },
  },
  'writeHead with a status': {
    handler({ res, note }) {
      note(res.writeHead(201) === res, res.headersSent, res.statusCode)
      res.end('made')
    },
  },
  'writeHead with a reason': {
    handler: ({ res }) => void res.writeHead(201, 'Made').end('x'),
    ...HTTP1,
  },
  'writeHead with a status as text': {
    ...HTTP1,
    handler: ({ res }) => void res.writeHead('201' as never).end('x'),
  },
  ...writeHeadForms({}),
  ...writeHeadForms({ 'X-Earlier': '1', 'x-two': 'earlier', 'Set-Cookie': 'earlier=1' }),
  'writeHead with our headers already in it': {
    handler({ res }) {
      res.setHeader('Vary', 'Accept')
      res.writeHead(200, { 'Cache-Control': 'max-age=60', 'Set-Cookie': 'mine=1' }).end('x')
    },
  },
  'writeHead by its old name': {
    ...HTTP1,
    handler({ res }) {
      // Node 26, Bun and Deno have forgotten it.
      const { writeHeader = res.writeHead } = loose(res)
      writeHeader.call(res, 202, { 'X-One': '1' })
      res.end('x')
    },
  },
  'methods called on a proxy of the response': {
    // Over HTTP/1 Node itself never ends such a response.
    ...HTTP2,
    handler({ res }) {
      const proxy = new Proxy(res, { get: (target, name) => Reflect.get(target, name) })
      proxy.setHeader('X-One', '1')
      proxy.write('one ')
      proxy.end('two')
    },
  },
  ...wrongHeads(),
  'wrong status by statusCode': {
    ...HTTP1,
    handler({ res, attempt }) {
      res.statusCode = 42
      attempt('write', () => res.write('x'))
      attempt('flush', () => res.flushHeaders())
      res.statusCode = 500
      res.end('recovered')
    },
  },
  'wrong reason by statusMessage': {
    ...HTTP1,
    handler({ res, attempt }) {
      res.statusMessage = 'bad\nreason'
      attempt('write', () => res.write('x'))
      res.statusMessage = 'good'
      res.end('recovered')
    },
  },
  'wrong chunks': {
    ...HTTP1,
    handler({ res, attempt, note }) {
      for (const chunk of [null, undefined, 5, {}, ['x']] as never[]) {
        attempt('write', () => res.write(chunk))
        note(res.headersSent)
      }
      for (const chunk of [5, {}, true] as never[]) attempt('end', () => res.end(chunk))
      res.write('first ')
      attempt('write null', () => res.write(null))
      attempt('write 5', () => res.write(5 as never))
      attempt('end 5', () => res.end(5 as never))
      res.end(0 as never)
    },
  },
  'wrong encoding': {
    ...HTTP1,
    handler({ res, attempt }) {
      res.setHeader('Content-Length', 11)
      res.write('first ')
      attempt('write', () => res.write('other', 'nonsense' as never))
      attempt('end', () => res.end('other', 'nonsense' as never))
      res.end('third')
    },
  },
  'everything that comes too late': {
    handler({ res, attempt, note }) {
      res.setHeader('X-One', '1')
      res.write('x')
      attempt('set', () => res.setHeader('X-Two', '2'))
      attempt('append', () => res.appendHeader('X-One', '2'))
      attempt('remove', () => res.removeHeader('X-One'))
      attempt('writeHead', () => res.writeHead(500))
      attempt('writeHead with headers', () => res.writeHead(500, { 'X-Three': '3' }))
      attempt('flush', () => res.flushHeaders())
      note(res.headersSent, Boolean(loose(res)['_header']), res.getHeader('x-one'))
      note(res.writableEnded, loose(res)['finished'])
      res.end('y')
      note(res.writableEnded, loose(res)['finished'], res.writableFinished)
      attempt('set', () => res.setHeader('X-Two', '2'))
      attempt('writeHead', () => res.writeHead(500))
    },
  },
  'setHeaders too late': {
    ...HTTP1,
    handler({ res, attempt }) {
      res.setHeaders(new Map([['X-One', '1']]))
      res.write('x')
      attempt('set', () => res.setHeaders(new Map([['X-Two', '2']])))
      res.end()
    },
  },
  'a status set too late': {
    handler({ res, note }) {
      res.write('x')
      res.statusCode = 500
      res.end()
      res.once('finish', () => note(res.statusCode))
    },
  },
  'writeHead twice': {
    handler({ res, attempt }) {
      res.writeHead(200, { 'X-One': '1' })
      attempt('again', () => res.writeHead(500))
      res.end('x')
    },
  },
  flushHeaders: {
    handler({ res, note }) {
      res.setHeader('X-One', '1')
      res.flushHeaders()
      note(res.headersSent)
      setTimeout(() => res.end('later'), 5)
    },
  },
  'flushHeaders twice, then writes': {
    handler({ res }) {
      res.flushHeaders()
      res.flushHeaders()
      res.write('a')
      res.flushHeaders()
      res.end('b')
    },
  },
  'double end': {
    handler({ res, note }) {
      note(res.end('one') === res)
      note(res.end() === res)
    },
  },
  'double end with a chunk': {
    ...HTTP1,
    handler({ res, note }) {
      res.end('one')
      res.end('two', () => note('told'))
    },
  },
  'write after end': {
    ...HTTP1,
    handler({ res, note }) {
      res.end('one')
      note(res.write('two', (error) => note(codeOf(error))))
    },
  },
  'write after end, HTTP/2': {
    ...HTTP2,
    handler({ res, note }) {
      res.end('one')
      note(res.write('two', (error) => note(codeOf(error))))
    },
  },
  'an error before anything is sent': {
    handler({ res, attempt }) {
      attempt('work', () => {
        throw new Error('no')
      })
      res.statusCode = 500
      res.end('sorry')
    },
  },
  'an error after the head was sent, as finalhandler treats it': {
    handler({ req, res, note }) {
      res.writeHead(200, { 'Content-Type': 'text/plain' })
      res.write('some')
      note(res.headersSent)
      if (res.headersSent) req.socket.destroy()
    },
  },
  'a throw in a stream': {
    handler({ res, note }) {
      const source = Readable.from(
        (function* () {
          yield 'one'
          throw new Error('no')
        })(),
      )
      source.on('error', (error) => {
        note('source', error.message)
        res.destroy()
      })
      source.pipe(res)
    },
  },
  'a throw in a pipeline': {
    ...HTTP1,
    handler({ res, note }) {
      const source = Readable.from(
        (function* () {
          yield BIG
          throw new Error('no')
        })(),
      )
      pipeline(source, res, (error) => note('pipeline', error?.message))
    },
  },
  'res.destroy before anything': {
    handler({ res, note }) {
      res.destroy()
      note(res.destroyed)
    },
  },
  'res.destroy after a write': {
    handler({ res, note }) {
      res.write('some')
      res.destroy()
      note(res.destroyed)
    },
  },
  'res.destroy, then more calls': {
    ...HTTP1,
    handler({ res, note, attempt }) {
      res.write('some')
      note(res.destroy() === res, res.destroy() === res)
      note(res.write('more', (error) => note(codeOf(error))))
      attempt('end', () => res.end())
    },
  },
  'socket.destroy before anything': { handler: ({ req }) => void req.socket.destroy() },
  'socket.destroy after a write': {
    handler({ req, res }) {
      res.write('some')
      req.socket.destroy()
    },
  },
  'socket.destroy after end': {
    ...HTTP1,
    handler({ req, res }) {
      res.end('all')
      req.socket.destroy()
    },
  },
  'req.destroy after a write': {
    ...HTTP1,
    handler({ req, res }) {
      res.write('some')
      req.destroy()
    },
  },
  'stream.close after a write': {
    ...HTTP2,
    handler({ res }) {
      res.write('some')
      ;(res as unknown as { stream: ServerHttp2Stream }).stream.close(2)
    },
  },
  trailers: {
    handler({ res }) {
      res.writeHead(200, { Trailer: 'X-Sum' })
      res.write('x')
      res.addTrailers({ 'X-Sum': '1' })
      res.end()
    },
  },
  'early hints and 102 before the head': {
    ...HTTP1,
    handler({ res }) {
      res.writeProcessing()
      res.writeEarlyHints({ link: '</a.css>; rel=preload' })
      res.end('x')
    },
  },
  'cork and uncork': {
    ...HTTP1,
    handler({ res }) {
      res.cork()
      res.write('a')
      res.write('b')
      process.nextTick(() => {
        res.uncork()
        res.end('c')
      })
    },
  },
  'Connection: close': {
    ...HTTP1,
    handler: ({ res }) => void res.writeHead(200, ['Connection', 'close']).end('x'),
  },
  'a listener for the head, after us, implicit': {
    after: onHead((res) => res.setHeader('X-Late', String(res.statusCode))),
    handler: ({ res }) => void res.end('x'),
  },
  'a listener for the head, after us, explicit': {
    after: onHead((res) => res.setHeader('X-Late', String(res.headersSent))),
    handler: ({ res }) => void res.writeHead(203, { 'X-One': '1' }).end('x'),
  },
  'a listener for the head, before us': {
    before: onHead((res) => res.setHeader('X-Late', String(res.headersSent))),
    handler: ({ res }) => void res.writeHead(203).end('x'),
  },
  ...compressed('before'),
  ...compressed('after'),
}

function writeHeadForms(earlier: Record<string, string>): Record<string, Scenario> {
  const when = Object.keys(earlier).length > 0 ? ', headers set earlier' : ''
  const forms: Record<string, any[]> = {
    'an object': [{ 'X-One': '1', 'X-Two': ['2', '3'], 'Set-Cookie': ['a=1', 'b=2'] }],
    'a reason and an object': ['Fine', { 'X-One': '1' }],
    'no reason and an object': [undefined, { 'X-One': '1' }],
    'a flat array': [['X-One', '1', 'X-Two', '2', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']],
    'an array of arrays, odd': [
      [
        ['X-One', '1'],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ],
    ],
    'an array of arrays, even': [
      [
        ['X-One', '1'],
        ['X-Two', '2'],
      ],
    ],
    'an odd flat array': [['X-One', '1', 'X-Two']],
    'a length': [{ 'Content-Length': 5 }],
    'a flat array with Date and Content-Length': [['Date', 'today', 'Content-Length', '5']],
    'an empty name': [{ '': '1' }],
  }
  return Object.fromEntries(
    Object.entries(forms).map(([form, args]) => [
      `writeHead with ${form}${when}`,
      {
        handler({ res, attempt }: Exchange) {
          for (const [name, value] of Object.entries(earlier)) res.setHeader(name, value)
          attempt('writeHead', () => loose(res)['writeHead']!(200, ...args))
          res.end('hello')
        },
      },
    ]),
  )
}

function wrongHeads(): Record<string, Scenario> {
  const wrong: Record<string, any[]> = {
    'status 99': [99],
    'status 1000': [1000],
    'status 700': [700],
    'status 101 to 199': [150],
    'no status': [],
    'a status that is no number': ['abc'],
    'a value with a line break': [200, { 'X-One': '1', 'X-Two': 'bad\nvalue' }],
    'a value undefined': [200, { 'X-One': undefined }],
    'a name with a space': [200, { 'bad name': '1' }],
    'a name with a space in an array': [200, ['X-One', '1', 'bad name', '1']],
  }
  const reason = { 'a reason with a line break': [200, 'bad\nreason'] }
  const scenario = (args: any[], earlier: boolean): Scenario => ({
    handler({ res, attempt, note }) {
      if (earlier) res.setHeader('X-Zero', '0')
      attempt('writeHead', () => loose(res)['writeHead']!(...args))
      note(res.headersSent)
      if (res.headersSent) return void res.end()
      attempt('recover', () => res.writeHead(500, 'Sorry').end('sorry'))
    },
  })
  const named = (of: Record<string, any[]>, extra: Partial<Scenario>) =>
    Object.entries(of).flatMap(([name, args]) => [
      [`writeHead with ${name}`, { ...scenario(args, false), ...extra }],
      [`writeHead with ${name}, headers set earlier`, { ...scenario(args, true), ...extra }],
    ])
  return Object.fromEntries([...named(wrong, {}), ...named(reason, HTTP1)]) as Record<
    string,
    Scenario
  >
}

function compressed(where: 'before' | 'after'): Record<string, Scenario> {
  const handlers: Record<string, Scenario['handler']> = {
    'an implicit head': ({ res }) => {
      res.setHeader('Content-Type', 'text/plain')
      res.end(TEXT)
    },
    'writeHead with headers': ({ res }) => {
      res.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': TEXT.length })
      res.end(TEXT)
    },
    'flushHeaders first': ({ res }) => {
      res.setHeader('Content-Type', 'text/plain')
      res.flushHeaders()
      res.write('first ')
      res.end(TEXT)
    },
    pipe: ({ res }) => {
      res.setHeader('Content-Type', 'text/plain')
      Readable.from(Array.from({ length: 10 }, () => BIG)).pipe(res)
    },
    'nothing to compress': ({ res }) => {
      res.statusCode = 204
      res.end()
    },
    'a type that is not compressed': ({ res, note }) => {
      res.setHeader('Content-Type', 'image/png')
      note(res.write('x'), res.headersSent)
      res.end(TEXT)
    },
  }
  return Object.fromEntries(
    Object.entries(handlers).map(([name, handler]) => [
      `compression ${where} us: ${name}`,
      { handler, headers: gzipped, [where]: compress() },
    ]),
  )
}
