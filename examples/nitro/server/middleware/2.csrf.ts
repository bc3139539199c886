import { csrfGuard } from 'sojourn/h3'
import { sessions } from '../sessions.ts'

export default csrfGuard(sessions)
