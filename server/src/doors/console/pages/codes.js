import { button, copyButton, h } from './elements.js'

/** Recovery codes, shown this once. */

/**
 * @param {readonly string[]} codes
 * @param {() => unknown} done
 */
export function recoveryCodes(codes, done) {
  const text = `${codes.join('\n')}\n`
  const kept = h('input', { type: 'checkbox', name: 'kept' })
  const next = button('Go on', async () => done())
  next.disabled = true
  kept.addEventListener('change', () => {
    next.disabled = !kept.checked
  })
  return h(
    'section',
    { class: 'codes' },
    h('h2', { tabindex: -1 }, 'Recovery codes'),
    h(
      'p',
      {},
      'Each of these opens your account once, together with your password, when your device is lost. They are shown only now. ',
      'Keep them on paper or in a password manager, and not beside your password.',
    ),
    h('ol', { class: 'code-list' }, ...codes.map((code) => h('li', {}, h('code', {}, code)))),
    h('div', { class: 'row' }, copyButton('Copy', text), saveButton(text)),
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
