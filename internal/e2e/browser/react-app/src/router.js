// The least that a router does: the SDK moves between pages without loading any.
import { useSyncExternalStore } from 'react'

const moved = new EventTarget()

/**
 * @param {string} to
 * @param {{replace?: boolean}} [options]
 */
export function navigate(to, { replace = false } = {}) {
  history[replace ? 'replaceState' : 'pushState'](null, '', to)
  moved.dispatchEvent(new Event('move'))
}

/** @returns {string} the path on show */
export function usePath() {
  return useSyncExternalStore(subscribe, () => location.pathname)
}

/** @param {() => void} listener */
function subscribe(listener) {
  moved.addEventListener('move', listener)
  window.addEventListener('popstate', listener)
  return () => {
    moved.removeEventListener('move', listener)
    window.removeEventListener('popstate', listener)
  }
}
