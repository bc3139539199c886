/** What the tests use of React, whose types are a package of their own. */

declare module 'react' {
  export function createElement(type: unknown, props: unknown, ...children: unknown[]): object
}

declare module 'react-dom/server' {
  export function renderToString(element: object): string
}
