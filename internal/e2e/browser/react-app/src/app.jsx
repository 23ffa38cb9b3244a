import { Show, SignIn, SignUp, UserButton, UserProfile, useAuth } from '@clerk/react'
import { Home } from './home.jsx'
import { OwnSignIn } from './own-sign-in.jsx'
import { OwnSignUp } from './own-sign-up.jsx'
import { usePath } from './router.js'

export function App() {
  const { isLoaded } = useAuth()
  const path = usePath()
  if (!isLoaded) return <p>loading</p>
  return (
    <>
      <header>
        <Show when="signed-in">
          <UserButton />
        </Show>
        <Show when="signed-out">Nobody is signed in.</Show>
      </header>
      <main>{page(path)}</main>
    </>
  )
}

/** @param {string} path */
function page(path) {
  switch (path.split('/')[1]) {
    case 'sign-in':
      return <SignIn path="/sign-in" />
    case 'sign-up':
      return <SignUp path="/sign-up" />
    case 'own-sign-in':
      return <OwnSignIn />
    case 'own-sign-up':
      return <OwnSignUp />
    case 'user':
      return <UserProfile path="/user" />
  }
  return <Home />
}
