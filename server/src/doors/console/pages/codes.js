import { button, copyButton, h } from './elements.js'

/** Recovery codes, shown this once. */

/** Asks before the page is left. @param {Event} event */
function hold(event) {
  event.preventDefault()
}

/**
 * @param {readonly string[]} codes
 * @param {() => unknown} done
 */
export function recoveryCodes(codes, done) {
  const text = `${codes.join('\n')}\n`
  const kept = h('input', { type: 'checkbox', name: 'kept' })
  const next = button('Go on', async () => {
    removeEventListener('beforeunload', hold)
    await done()
  })
  next.disabled = true
  kept.addEventListener('change', () => {
    next.disabled = !kept.checked
  })
  addEventListener('beforeunload', hold)
  return h(
    'section',
    { class: 'codes' },
    h('h2', { tabindex: -1 }, 'Shown only now'),
    h(
      'p',
      {},
      'When your app is lost, each of these opens your account once, together with your password. ',
      'Keep them on paper or in a password manager, and not beside your password.',
    ),
    h('ol', { class: 'code-list' }, ...codes.map((code) => h('li', {}, h('code', {}, code)))),
    h('div', { class: 'row' }, copyButton('Copy', text), saveButton(text), printButton()),
    h('label', { class: 'check' }, kept, 'I have kept them'),
    h('div', { class: 'row' }, next),
  )
}

/** @param {string} text */
function saveButton(text) {
  return button(
    'Save as a file',
    async () => {
      const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
      h('a', { href: url, download: 'claviger-recovery-codes.txt' }).click()
      URL.revokeObjectURL(url)
    },
    'quiet',
  )
}

function printButton() {
  return button('Print', async () => print(), 'quiet')
}
