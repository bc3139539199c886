/** Subscribes to a diagnostics channel, with the type of its messages. */

import type { Channel } from 'node:diagnostics_channel'

/** Ends a subscription. */
export type Stop = () => void

/** Subscribes, and returns what ends the subscription. */
export function subscribe<Message>(to: Channel, onMessage: (message: Message) => void): Stop {
  const receive = (message: unknown) => onMessage(message as Message)
  to.subscribe(receive)
  return () => void to.unsubscribe(receive)
}
