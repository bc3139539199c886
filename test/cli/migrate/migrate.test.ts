import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { emptyFolder, sojourn } from '../command.ts'

test('sojourn migrate names the package that does it, where it is not installed', async () => {
  const { code, out, err } = await sojourn(['migrate', 'express-session'], { cwd: emptyFolder() })
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toContain('Run: npx sojourn-migrate express-session')
})

test('sojourn migrate runs the package where it is installed, with all arguments', async () => {
  const folder = emptyFolder()
  mkdirSync(join(folder, 'node_modules'))
  const here = resolve(import.meta.dirname, '../../../packages/migrate')
  symlinkSync(here, join(folder, 'node_modules', 'sojourn-migrate'))
  writeFileSync(join(folder, 'app.js'), "app.use(require('express-session')())\n")
  const args = ['migrate', 'express-session', 'app.js', '--to', 'drop-in', '--dry']
  const { code, out, err } = await sojourn(args, { cwd: folder })
  expect(code).toBe(0)
  expect(out).toContain("+app.use(require('sojourn/express-session')())\n")
  expect(err).toContain('would change  app.js  1 place\n')
})
