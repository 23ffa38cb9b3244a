import { ClerkProvider } from '@clerk/react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.jsx'
import { navigate } from './router.js'

// In .env as usual. The SDK would look for its scripts at https:// whatever the server
// speaks, so they are named in full.
const { VITE_CLERK_PUBLISHABLE_KEY: key, VITE_CLERK_PROXY_URL: server } = import.meta.env

createRoot(document.querySelector('#root')).render(
  <StrictMode>
    <ClerkProvider
      publishableKey={key}
      proxyUrl={server}
      __internal_clerkJSUrl={`${server}/npm/@clerk/clerk-js@6/dist/clerk.browser.js`}
      __internal_clerkUIUrl={`${server}/npm/@clerk/ui@1/dist/ui.browser.js`}
      signInUrl="/sign-in"
      signUpUrl="/sign-up"
      routerPush={(to) => navigate(to)}
      routerReplace={(to) => navigate(to, { replace: true })}
      telemetry={false}
    >
      <App />
    </ClerkProvider>
  </StrictMode>,
)
