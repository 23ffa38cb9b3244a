import { useSignUp } from '@clerk/react'
import { Field, text } from './field.jsx'
import { navigate } from './router.js'

/** A form of the app's own for signing up, with a code by mail. */
export function OwnSignUp() {
  const { signUp, errors, fetchStatus } = useSignUp()

  /** @param {FormData} form */
  const start = async (form) => {
    const { error } = await signUp.password({ emailAddress: text(form, 'email'), password: text(form, 'password') })
    if (!error) await signUp.verifications.sendEmailCode()
  }
  /** @param {FormData} form */
  const finish = async (form) => {
    const { error } = await signUp.verifications.verifyEmailCode({ code: text(form, 'code') })
    if (!error) await signUp.finalize({ navigate: () => navigate('/') })
  }
  const proving = signUp.status === 'missing_requirements' && signUp.unverifiedFields.includes('email_address')
  return proving ? (
    <form action={finish}>
      <Field name="code" label="Code" error={errors.fields.code} />
      <button disabled={fetchStatus === 'fetching'}>Verify</button>
    </form>
  ) : (
    <form action={start}>
      <Field name="email" label="Email" error={errors.fields.emailAddress} />
      <Field name="password" label="Password" type="password" error={errors.fields.password} />
      <button disabled={fetchStatus === 'fetching'}>Sign up</button>
      <div id="clerk-captcha" />
    </form>
  )
}
