/** Removes passwords from connection strings and settings in messages of database clients. */

// address = scheme "://" userinfo "@" rest     ; a password may contain "@" and "/"
const USERINFO = /(:\/\/)[^\s"'`<>]*@/g

// setting = name "=" value, as in `host=db password=...`
const SETTING =
  /\b(pass(?:word|wd)?|pwd|auth|secret|token)(['"]?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s&;,]+)/gi

/** The text with each password replaced by `[...]`. */
export function withoutPasswords(text: string): string {
  return text.replace(USERINFO, '$1[...]@').replace(SETTING, '$1$2[...]')
}
