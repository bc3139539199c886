import { register } from '../actions'
import { Credentials } from '../parts'

export default function SignUp() {
  return <Credentials action={register} label="Sign up" />
}
