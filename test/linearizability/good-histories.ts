/** Histories that a store may have, and those it may have where clients resend. */

import type { Operation } from './history.ts'
import {
  insert,
  inTurn,
  lostTo,
  read,
  remove,
  row,
  swap,
  told,
  touch,
  until,
  untold,
  won,
} from './written.ts'

const [a, b, c, d] = [row('a'), row('b'), row('c'), row('d')]

export const GOOD: Record<string, Operation[]> = {
  'nothing at all': [],
  'one after the other': inTurn(
    [read, null],
    [insert(a), true],
    [insert(b), false],
    [swap('a', b), won],
    [swap('a', c), lostTo(b)],
    [touch(2000), true],
    [read, until(2000, b)],
    [touch(1500), true],
    [swap('b', c), won],
    [read, c],
    [remove, true],
    [remove, false],
    [read, null],
    [touch(3000), false],
    [swap('c', d), lostTo(null)],
    [insert(d), false],
  ),
  'a swap sent again, at once and after another': inTurn(
    [insert(a), true],
    [swap('a', b), won],
    [swap('a', b), won],
    [swap('b', row('c', { recent: ['b'] })), won],
    [swap('a', b), won],
    [swap('c', d), won],
    [swap('a', b), lostTo(d)],
  ),
  'a row inserted with a write that is then swapped in again': inTurn(
    [insert(a), true],
    [swap('x', a), won],
  ),
  'calls at once, explained by an order other than that of the calls': [
    told(0, 100, swap('b', c), won),
    told(10, 90, swap('a', b), won),
    told(20, 80, insert(a), true),
    told(30, 70, read, b),
    told(40, 60, read, null),
  ],
  'two reads at once that see the row before and after a swap': [
    told(0, 5, insert(a), true),
    told(10, 40, swap('a', b), won),
    told(12, 38, read, b),
    told(12, 38, read, a),
  ],
  'a touch at once with the swap that lowers the end, in either order': [
    told(0, 5, insert(a), true),
    told(10, 40, touch(2000), true),
    told(10, 40, swap('a', b), won),
    told(10, 40, touch(3000), true),
    told(50, 60, read, until(2000, b)),
  ],
  'a removal at once with an insert that comes too late': [
    told(0, 40, insert(a), false),
    told(10, 30, remove, false),
  ],
  'an answer and a call at one point in time, which may be at once': [
    told(0, 10, insert(a), true),
    told(10, 20, read, null),
  ],
  'an unanswered insert, executed never': [untold(0, insert(a)), told(10, 15, read, null)],
  'an unanswered insert, executed late': [
    untold(0, insert(a)),
    told(10, 15, read, null),
    told(20, 25, read, a),
  ],
  'an unanswered insert that a tombstone stopped': [
    untold(0, insert(a)),
    told(10, 15, remove, false),
    told(20, 25, read, null),
  ],
  'an unanswered swap, settled by sending it again': [
    told(0, 5, insert(a), true),
    untold(10, swap('a', b)),
    told(20, 25, swap('a', b), won),
    told(30, 35, read, b),
  ],
  'an unanswered swap, executed much later': [
    told(0, 5, insert(a), true),
    untold(10, swap('a', b)),
    told(20, 25, read, a),
    told(30, 35, touch(2000), true),
    told(40, 45, read, b),
  ],
  'an unanswered touch, executed twice': [
    told(0, 5, insert(a), true),
    untold(10, touch(2000)),
    told(20, 25, read, until(2000, a)),
    told(30, 35, swap('a', b), won),
    told(40, 45, read, b),
    told(50, 55, read, until(2000, b)),
  ],
  'an unanswered touch that is needed twice, beside one that may have come early': [
    told(0, 5, insert(a), true),
    untold(8, touch(2000)),
    told(10, 30, touch(2000), true),
    told(11, 29, swap('a', b), won),
    told(40, 45, read, until(2000, b)),
    told(50, 55, swap('b', c), won),
    told(60, 65, read, until(2000, c)),
    told(70, 75, swap('c', d), won),
    told(80, 85, read, until(2000, d)),
  ],
  'an unanswered swap, called at the very time of the answer that shows it': [
    told(0, 5, insert(a), true),
    told(10, 20, read, b),
    untold(20, swap('a', b)),
  ],
  'an unanswered removal, executed late': [
    told(0, 5, insert(a), true),
    untold(10, remove),
    told(20, 25, swap('a', b), won),
    told(30, 35, swap('b', c), lostTo(null)),
  ],
  'an unanswered call after all others': [told(0, 5, insert(a), true), untold(10, remove)],
}

export const RESENT: Record<string, Operation[]> = {
  'an insert told that the key is taken, by itself': [
    told(0, 10, insert(a), false),
    told(20, 25, read, a),
  ],
  'a removal told that nothing was there, for it had removed it': [
    told(0, 5, insert(a), true),
    told(10, 20, remove, false),
    told(30, 35, read, null),
  ],
  'a swap told that it lost, its id forgotten meanwhile': [
    told(0, 5, insert(a), true),
    told(10, 40, swap('a', b), lostTo(c)),
    told(20, 30, swap('b', c), won),
  ],
  'a touch repeated late, over a swap that lowered the end': inTurn(
    [insert(a), true],
    [touch(2000), true],
    [swap('a', b), won],
    [read, b],
    [read, until(2000, b)],
  ),
}
