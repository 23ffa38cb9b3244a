// @ts-check
// What the page of somebody who is signed in does. There is nothing to do on the other one.

const ask = document.querySelector('#ask')
const answer = /** @type {HTMLElement} */ (document.querySelector('#answer'))
ask?.addEventListener('click', async () => {
  const response = await fetch('/api/me', { headers: { Accept: 'application/json' } })
  answer.hidden = false
  answer.textContent = `${response.status} ${await response.text()}`
})

const dialog = /** @type {HTMLDialogElement} */ (document.querySelector('#confirm'))
const problem = /** @type {HTMLElement} */ (document.querySelector('#problem'))
document.querySelector('#delete')?.addEventListener('click', () => {
  problem.hidden = true
  dialog.returnValue = ''
  dialog.showModal()
})
dialog?.addEventListener('close', async () => {
  if (dialog.returnValue !== 'delete') return
  const response = await fetch('/api/delete-me', { method: 'POST' })
  if (response.ok || response.status === 401) {
    location.assign('/')
    return
  }
  problem.textContent = 'That did not work. Please try again.'
  problem.hidden = false
  dialog.returnValue = ''
  dialog.showModal()
})
