/** What an adapter tells of a request. */

/** A request as an adapter tells of it. Everything is read only when it is needed. */
export interface RequestFacts {
  /** The method of the message. Nobody's word in a header or a field changes it. */
  readonly method?: string | undefined
  /** The Cookie header. */
  readonly cookie: string | null | undefined
  /** Whether the connection to this process is encrypted; a proxy's word is not taken. */
  readonly encrypted?: boolean | undefined
  /** Any other request header, by lower-case name; `host` also where the protocol has no such header. */
  header(name: string): string | null | undefined
}
