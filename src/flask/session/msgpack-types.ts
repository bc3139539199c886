/** The types that msgspec's msgpack has beyond JSON: bytes and timestamps, and their limits. */

/** The tag of bytes: standard base64. */
export const BYTES = ' b'
/** The tag of an aware datetime: whole seconds since 1970, and nanoseconds. */
export const TIMESTAMP = ' d'

/** The years 1 and 9999, which Python's datetimes begin and end with. In seconds since 1970. */
export const FIRST_SECOND = -62_135_596_800n
export const LAST_SECOND = 253_402_300_799n

/** The most seconds of a timestamp of eight bytes. */
export const SECONDS_34 = (1n << 34n) - 1n

/** Why msgspec refuses an integer. */
export const TOO_LONG = 'it holds an integer that does not fit into 64 bits'

/** Whether msgspec writes an integer: from -2^63 to 2^64 - 1. */
export function fits(value: bigint): boolean {
  return value >= -(1n << 63n) && value < 1n << 64n
}
