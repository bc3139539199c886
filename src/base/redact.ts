/** Takes passwords out of the words of a client: its addresses and its settings. */

// address = scheme "://" userinfo "@" rest     ; a password may itself hold "@" and "/"
const USERINFO = /(:\/\/)[^\s"'`<>]*@/g

// setting = name "=" value, as in `host=db password=...`
const SETTING =
  /\b(pass(?:word|wd)?|pwd|auth|secret|token)(['"]?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s&;,]+)/gi

/** The text without what is a password by its place. */
export function withoutPasswords(text: string): string {
  return text.replace(USERINFO, '$1[...]@').replace(SETTING, '$1$2[...]')
}
