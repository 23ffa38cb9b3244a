import { useSignIn } from '@clerk/react'
import { useState } from 'react'
import { Field, text } from './field.jsx'
import { navigate } from './router.js'

/** A form of the app's own for signing in, with the password or a code by mail. */
export function OwnSignIn() {
  const { signIn, errors, fetchStatus } = useSignIn()
  const [sent, setSent] = useState(false)
  const busy = fetchStatus === 'fetching'
  const enter = () => signIn.finalize({ navigate: () => navigate('/') })

  /** @param {FormData} form */
  const withPassword = async (form) => {
    const { error } = await signIn.password({ identifier: text(form, 'email'), password: text(form, 'password') })
    if (!error && signIn.status === 'complete') await enter()
  }
  /** @param {FormData} form */
  const send = async (form) => {
    const { error } = await signIn.emailCode.sendCode({ emailAddress: text(form, 'email') })
    setSent(!error)
  }
  /** @param {FormData} form */
  const withCode = async (form) => {
    const { error } = await signIn.emailCode.verifyCode({ code: text(form, 'code') })
    if (!error) await enter()
  }
  if (sent) {
    return (
      <form action={withCode}>
        <Field name="code" label="Code" error={errors.fields.code} />
        <button disabled={busy}>Verify</button>
      </form>
    )
  }
  return (
    <form action={withPassword}>
      <Field name="email" label="Email" error={errors.fields.identifier} />
      <Field name="password" label="Password" type="password" error={errors.fields.password} />
      <button disabled={busy}>Sign in</button>
      <button disabled={busy} formAction={send}>
        Email me a code
      </button>
    </form>
  )
}
