import { sessions } from '../../lib/server/sessions.ts'
import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals }) => {
  const { userId } = await sessions.signedIn(locals)
  return { name: userId }
}
