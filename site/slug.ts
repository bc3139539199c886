/** The anchor of a heading, as on GitHub: so one link works in the repository, in the package and in the site. */

/** Lower case, without punctuation but `-` and `_`; a space becomes `-`. */
export function slug(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-')
}
