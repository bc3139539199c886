/** Secrets that stand in documentation, tutorials, default configurations and standards. */

/** As they are published, one of each; a hexadecimal or base64 one stands for its bytes as well. */
export const PUBLISHED_SECRETS: readonly string[] = [
  // Flask
  'A0Zr98j/3yX R~XHH!jmN]LWX/,?RT',
  '_5#y2L"F4Q8z\n\xec]/',
  '_5#y2L"F4Q8z\\n\\xec]/',
  '_5#y2L"F4Q8z\n\xe3\xac]/',
  '192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf',
  // Superset
  '\\2\\1thisismyscretkey\\1\\2\\e\\y\\y\\h',
  '\x02\x01thisismyscretkey\x01\x02\\e\\y\\y\\h',
  // FastAPI, Redash, hapi, h3
  '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7',
  'c292a0a3aa32397cdb050e233733900f',
  '!wsYhFA*C2U6nz=Bu^%A@^F#SF3&kSR6',
  '80d42cfb-1cd2-462c-8f17-e3237d9027e9',
  // Tutorials of JSON web tokens with Spring
  '404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970',
  '413F4428472B4B6250655368566D5970337336763979244226452948404D6351',
  '3cfa76ef14937c1c0ea519f8fc057a80fcd04a7420f8e8bcd0a7567c272e007b',
  '5367566B59703373367639792F423F4528482B4D6251655468576D5A71347437',
  '357638792F423F4428472B4B6250655368566D597133743677397A2443264629',
  // Tutorials of JSON web tokens with .NET
  'db3OIsj+BXE9NZDy0t8W3TcNekrF+2d/1sFnWG4HnV8TZY30iTOdtVWJG8abWvB1GlOgJuQZdcF2Luqm/hccMw==',
  'GQDstcKsx0NHjPOuXOYg5MbeJ1XT0uFiwDVvVBrk',
  // RFC 7515 and RFC 7520
  'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
  'hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg',
  // Supabase, Airflow, Directus, Dify, LibreChat
  'UpNVntn3cDxHJpq99YMc1T1AQgQpc8kfYTuRgBiYa15BLrx8etQoXz3gZv1/u2oq',
  '46BKJoQYlPPOexq0OhDZnIlNepKFf87WFwLbfzqDDho=',
  '81HqDtbqAywKSOumSha3BhWNOdQ26slT6K0YaZeZyPs=',
  '255d861b-5ea1-5996-9aa3-922530ec40b1',
  '6116487b-cda1-52c2-b5b5-c8022c45e263',
  'sk-9f73s3ljTXVcMT3Blb3ljTqtsKiGHXVcMT3BlbkFJLK7U',
  '16f8c0ef4a5d391b26034086c628469d3f9f497f08163ab9b40137092f2909ef',
  'eaa5191f2914e30b9387fd84e254e4ba6fc51b4654968a9b0803b456a54b8418',
  'f34be427ebb29de8d88c107a71546019685ed8b241d8f2ed00c3df97ad2566f0',
  // Django, Symfony, CakePHP, Paperless, NetBox, Label Studio, Rocket
  'cg#p$g+j9tax!#a3cup@1$8obt2_+&k3q+pmu)5%asj6yjpkag',
  '2ca64f8d83b9e89f5f19d672841d6bb8',
  'DYhG93b0qyJfIxfs2guVoUubWwvniR2G0FgaC9mi',
  'e11fl1oa-*ytql8p)(06fbj4ukrlo+n7k&q5+$1md7i+mge=ee',
  'r(m)9nLGnz$(_q3N4z1k(EFsMCjjjzx08x9VhNVcfd%6RF#r!6DE@+V5Zk2X',
  '$(fefwefwef13;LFK{P!)@#*!)kdsjfWF2l+i5e3t(8a1n',
  '8Xui8SN4mI+7egV/9dlfYYLGQJeEx4+DwmSQLwDVXJg=',
  'hPRYyVRiMyxpw5sBB1XeCMN1kFsDCqKvBi2QJxBVHQk=',
  // The example keys of NIST SP 800-38A, the example of RFC 4122, and pi
  '2b7e151628aed2a6abf7158809cf4f3c',
  '8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b',
  '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
  '123e4567-e89b-12d3-a456-426614174000',
  '14159265358979323846264338327950288',
]

/** How MD5, SHA-1, SHA-256 and SHA-512 of what everybody hashes first begin, in hexadecimal. */
export const PUBLISHED_DIGESTS: readonly string[] =
  // '', 'password', 'secret', 'changeme', 'admin', 'test', '123456', 'hello'
  `d41d8cd98f00b204 da39a3ee5e6b4b0d e3b0c44298fc1c14 cf83e1357eefb8bd
  5f4dcc3b5aa765d6 5baa61e4c9b93f3f 5e884898da280471 b109f3bbbc244eb8
  5ebe2294ecd0e0f0 e5e9fa1ba31ecd1a 2bb80d537b1da3e3 bd2b1aaf7ef4f09b
  4cb9c8a8048fd022 fa9beb99e4029ad5 057ba03d6c441048 f1891cea80fc05e4
  21232f297a57a5a7 d033e22ae348aeb5 8c6976e5b5410415 c7ad44cbad762a5d
  098f6bcd4621d373 a94a8fe5ccb19ba6 9f86d081884c7d65 ee26b0dd4af7e749
  e10adc3949ba59ab 7c4a8d09ca3762af 8d969eef6ecad3c2 ba3253876aed6bc2
  5d41402abc4b2a76 aaf4c61ddcc5e8a2 2cf24dba5fb0a30e 9b71d224bd62f378`.split(/\s+/)
