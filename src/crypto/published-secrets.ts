/** Secrets published in documentation, tutorials, default configurations and standards. */

import { createHash } from 'node:crypto'

/**
 * The first 16 characters of published secrets, or 32 hexadecimal digits: no other secret begins
 * like this. A hexadecimal or base64 one also stands for its bytes. The full texts are in
 * test/fixtures/published-secrets.json, to keep an app's bundle small.
 */
export const PUBLISHED_BEGINNINGS: readonly string[] = [
  // Flask
  'A0Zr98j/3yX R~XH',
  '_5#y2L"F4Q8z',
  '192b9bdd22ab9ed4d12e236c78afcb9a',
  // Superset
  '\\2\\1thisismyscre',
  '\x02\x01thisismyscretk',
  // FastAPI, Redash, hapi, h3
  '09d25e094faa6ca2556c818166b7a956',
  'c292a0a3aa32397cdb050e233733900f',
  '!wsYhFA*C2U6nz=B',
  '80d42cfb-1cd2-46',
  // Tutorials of JSON web tokens with Spring
  '404E635266556A586E3272357538782F',
  '413F4428472B4B6250655368566D5970',
  '3cfa76ef14937c1c0ea519f8fc057a80',
  '5367566B59703373367639792F423F45',
  '357638792F423F4428472B4B62506553',
  // Tutorials of JSON web tokens with .NET
  'db3OIsj+BXE9NZDy',
  'GQDstcKsx0NHjPOu',
  // RFC 7515 and RFC 7520
  'AyM1SysPpbyDfgZl',
  'hJtXIZ2uSN5kbQfb',
  // Supabase, Airflow, Directus, Dify, LibreChat
  'UpNVntn3cDxHJpq9',
  '46BKJoQYlPPOexq0',
  '81HqDtbqAywKSOum',
  '255d861b-5ea1-59',
  '6116487b-cda1-52',
  'sk-9f73s3ljTXVcM',
  '16f8c0ef4a5d391b26034086c628469d',
  'eaa5191f2914e30b9387fd84e254e4ba',
  'f34be427ebb29de8d88c107a71546019',
  // Django, Symfony, CakePHP, Paperless, NetBox, Label Studio, Rocket
  'cg#p$g+j9tax!#a3',
  '2ca64f8d83b9e89f5f19d672841d6bb8',
  'DYhG93b0qyJfIxfs',
  'e11fl1oa-*ytql8p',
  'r(m)9nLGnz$(_q3N',
  '$(fefwefwef13;LF',
  '8Xui8SN4mI+7egV/',
  'hPRYyVRiMyxpw5sB',
  // The example keys of NIST SP 800-38A, the example of RFC 4122, and pi
  '2b7e151628aed2a6abf7158809cf4f3c',
  '8e73b0f7da0e6452c810f32b809079e5',
  '603deb1015ca71be2b73aef0857d7781',
  '123e4567-e89b-12',
  '14159265358979323846264338327950',
]

/** Words whose hash is often used as a secret. */
const HASHED = ['', 'password', 'secret', 'changeme', 'admin', 'test', '123456', 'hello']

/** The first hexadecimal digits of their MD5. Stored, since MD5 is not on every platform. */
const MD5 = `d41d8cd98f00b204 5f4dcc3b5aa765d6 5ebe2294ecd0e0f0 4cb9c8a8048fd022
  21232f297a57a5a7 098f6bcd4621d373 e10adc3949ba59ab 5d41402abc4b2a76`.split(/\s+/)

/** The first hexadecimal digits of the digests of these words. */
export function publishedDigests(): string[] {
  const digests = ['sha1', 'sha256', 'sha512'].flatMap((algorithm) =>
    HASHED.map((text) => createHash(algorithm).update(text).digest('hex').slice(0, 16)),
  )
  return [...MD5, ...digests]
}
