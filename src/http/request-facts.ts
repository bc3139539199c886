/** What an adapter reports about a request: method, Cookie header, TLS, other headers. */

/** A request as an adapter reports it. Every member is read only when it is needed. */
export interface RequestFacts {
  /** The HTTP method. Not an override from a header or a form field (`_method`). @default 'GET' */
  readonly method?: string | undefined
  /** The Cookie header. */
  readonly cookie: string | null | undefined
  /** Whether the connection to this process is encrypted (TLS). Ignores `X-Forwarded-Proto`. @default unknown */
  readonly encrypted?: boolean | undefined
  /** The address that the connection comes from: the visitor's, or that of the last proxy. @default unknown */
  readonly address?: string | undefined
  /** Calls `run` when the response is complete: sent, or cut off. @default the adapter cannot know */
  whenDone?(run: () => void): void
  /** A request header by its lower-case name. For HTTP/2, `host` is the `:authority`. */
  header(name: string): string | null | undefined
}
