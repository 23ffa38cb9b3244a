import { auth, currentUser } from '@clerk/nextjs/server'

/** Says who is signed in, as the server sees it. */
export default async function Page() {
  const { isAuthenticated } = await auth()
  if (!isAuthenticated) return <p>Signed out</p>
  const user = await currentUser()
  return <p>Signed in as {user.primaryEmailAddress.emailAddress}</p>
}
