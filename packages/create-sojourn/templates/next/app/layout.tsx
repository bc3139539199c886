import type { ReactNode } from 'react'
import { flashes } from '../lib/sessions'

export default async function Layout({ children }: { children: ReactNode }) {
  const messages = await flashes()
  return (
    <html lang="en">
      <body>
        {messages.map(({ category, message }) => (
          <p className={category} key={message}>
            {message}
          </p>
        ))}
        {children}
      </body>
    </html>
  )
}
