import { createFileRoute } from '@tanstack/react-router'
import { seeOther } from '../see-other.ts'
import { sessions } from '../sessions.ts'

export const Route = createFileRoute('/logout')({
  server: {
    handlers: {
      POST: async () => {
        const session = await sessions.current()
        session.logout()
        session.flash('Signed out')
        return seeOther('/')
      },
    },
  },
})
