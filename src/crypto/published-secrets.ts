/** Secrets published in documentation, tutorials, default configurations and standards. */

import { createHash } from 'node:crypto'

/**
 * Eight characters of each published secret, or twelve of its hexadecimal digits. A hexadecimal or
 * base64 one also stands for its bytes. The full texts are in test/fixtures/published-secrets.json,
 * to keep an app's bundle small.
 *
 * A random secret of 32 bytes in base64 contains one of them by chance once in 10^9 times; it would
 * be refused when the app starts.
 */
export const PUBLISHED_PIECES: readonly string[] = [
  // Flask, Superset
  'A0Zr98j/ _5#y2L"F 192b9bdd22ab thisismyscret',
  // FastAPI, Redash, hapi, h3
  '09d25e094faa c292a0a3aa32 !wsYhFA* 80d42cfb-1cd2',
  // Tutorials of JSON web tokens with Spring and with .NET. Four are text in hexadecimal digits, made
  // by a generator whose other secrets have parts in common with them: so 32 digits of each.
  '404E635266556A586E3272357538782F 413F4428472B4B6250655368566D5970 3cfa76ef1493 5367566B59703373367639792F423F45 357638792F423F4428472B4B62506553 db3OIsj+ GQDstcKs',
  // RFC 7515 and RFC 7520
  'AyM1SysP hJtXIZ2u',
  // Supabase, Airflow, Directus, Dify, LibreChat
  'UpNVntn3 46BKJoQY 81HqDtbq 255d861b-5ea1 6116487b-cda1 sk-9f73s 16f8c0ef4a5d eaa5191f2914 f34be427ebb2',
  // Django, Symfony, CakePHP, Paperless, NetBox, Label Studio, Rocket
  'cg#p$g+j 2ca64f8d83b9 DYhG93b0 e11fl1oa r(m)9nLG $(fefwef 8Xui8SN4 hPRYyVRi',
  // The example keys of NIST SP 800-38A, the example of RFC 4122, and pi
  '2b7e151628ae 8e73b0f7da0e 603deb1015ca 123e4567-e89b 141592653589',
].flatMap((pieces) => pieces.split(' '))

/** Words whose hash is often used as a secret. */
const HASHED = ['', 'password', 'secret', 'changeme', 'admin', 'test', '123456', 'hello']

/** The first hexadecimal digits of their MD5. Stored, since MD5 is not on every platform. */
const MD5 =
  'd41d8cd98f00 5f4dcc3b5aa7 5ebe2294ecd0 4cb9c8a8048f 21232f297a57 098f6bcd4621 e10adc3949ba 5d41402abc4b'

/** The first hexadecimal digits of the digests of these words. */
export function publishedDigests(): string[] {
  const digests = ['sha1', 'sha256', 'sha512'].flatMap((algorithm) =>
    HASHED.map((text) => createHash(algorithm).update(text).digest('hex').slice(0, 12)),
  )
  return [...MD5.split(' '), ...digests]
}
