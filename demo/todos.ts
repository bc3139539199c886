/** The to-do lists in SQLite. Every statement names the owner, so nobody reaches another's list. */

import type { DatabaseSync } from 'node:sqlite'

/** One thing to do. */
export interface Todo {
  id: number
  text: string
  done: boolean
}

/** The lists of all users. What is not the owner's own is not found: `undefined` or `false`. */
export interface Todos {
  list(owner: string): Todo[]
  find(owner: string, id: number): Todo | undefined
  add(owner: string, text: string): void
  edit(owner: string, id: number, text: string): boolean
  check(owner: string, id: number, done: boolean): boolean
  remove(owner: string, id: number): boolean
}

/** The longest text of one thing to do. */
export const LONGEST_TEXT = 200

/** Opens the lists in a database. */
export function todosIn(db: DatabaseSync): Todos {
  db.exec(`
    create table if not exists todo (
      id integer primary key autoincrement,
      owner text not null,
      text text not null,
      done integer not null default 0
    ) strict;
    create index if not exists todo_by_owner on todo (owner, done, id);
  `)
  const list = db.prepare('select id, text, done from todo where owner = ? order by done, id')
  const find = db.prepare('select id, text, done from todo where owner = ? and id = ?')
  const add = db.prepare('insert into todo (owner, text) values (?, ?)')
  const edit = db.prepare('update todo set text = ? where owner = ? and id = ?')
  const check = db.prepare('update todo set done = ? where owner = ? and id = ?')
  const remove = db.prepare('delete from todo where owner = ? and id = ?')

  return {
    list: (owner) => list.all(owner).map(todoOf),
    find(owner, id) {
      const row = find.get(owner, id)
      return row && todoOf(row)
    },
    add: (owner, text) => void add.run(owner, text),
    edit: (owner, id, text) => edit.run(text, owner, id).changes === 1,
    check: (owner, id, done) => check.run(Number(done), owner, id).changes === 1,
    remove: (owner, id) => remove.run(owner, id).changes === 1,
  }
}

function todoOf(row: Record<string, unknown>): Todo {
  return { id: Number(row['id']), text: String(row['text']), done: row['done'] === 1 }
}
