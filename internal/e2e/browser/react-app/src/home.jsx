import { useAuth, useSession, useUser } from '@clerk/react'
import { useState } from 'react'

/** What the hooks say, and a form and a request that use them. */
export function Home() {
  const auth = useAuth()
  const { user } = useUser()
  const { session } = useSession()
  const [answer, setAnswer] = useState('')
  if (!auth.isSignedIn || !user || !session) return <p id="status">signed out</p>

  /** @param {import('react').FormEvent<HTMLFormElement>} event */
  const rename = async (event) => {
    event.preventDefault()
    await user.update({ firstName: String(new FormData(event.currentTarget).get('name')) })
  }
  const ask = async () => {
    const token = await auth.getToken()
    const response = await fetch('/api/me', { headers: { Authorization: `Bearer ${token}` } })
    setAnswer(`${response.status} ${(await response.json()).userId}`)
  }
  return (
    <>
      <p id="status">signed in as {auth.userId}</p>
      <dl>
        <dt>session</dt>
        <dd id="session">
          {session.id} {session.status} {session.user.id}
        </dd>
        <dt>the same one</dt>
        <dd id="same">{String(session.id === auth.sessionId && user.id === auth.userId)}</dd>
        <dt>name</dt>
        <dd id="name">{user.fullName}</dd>
        <dt>address</dt>
        <dd id="email">{user.primaryEmailAddress?.emailAddress}</dd>
      </dl>
      <form onSubmit={rename}>
        <label>
          Your first name <input name="name" />
        </label>
        <button>Rename</button>
      </form>
      <button onClick={ask}>Ask the app’s server</button>
      <output id="answer">{answer}</output>
      <button onClick={() => auth.signOut()}>Leave</button>
    </>
  )
}
