/** Another process with the same SQLite file: locks it and frees it as it is told. */

import { DatabaseSync } from 'node:sqlite'

const db = new DatabaseSync(process.argv[2] ?? '', { timeout: 5000 })

process.stdin.setEncoding('utf8').on('data', (text: string) => {
  db.exec(text.trim())
  process.stdout.write('done\n')
})
process.stdin.on('end', () => db.close())
