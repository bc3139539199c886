import { toResponse } from 'nitro/h3'
import { sessionMiddleware } from 'sojourn/h3'
import { sessions } from '../sessions.ts'

export default sessionMiddleware(sessions, toResponse)
