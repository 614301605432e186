import { codeField, copyButton, field, h, passwordField } from './elements.js'
import { qrCode } from './qr.js'

/** Parts that setting up an account and looking after it have in common. */

/** How to put a new secret into an authenticator app, and the field for its first code. @param {{ secret: string, uri: string }} totp */
export function authenticatorSetup({ secret, uri }) {
  const grouped = secret.match(/.{1,4}/g)?.join(' ') ?? secret
  return h(
    'div',
    { class: 'authenticator' },
    qrCode(uri, 'QR code for your authenticator app; the key below says the same'),
    h(
      'div',
      {},
      h('p', {}, 'Scan this with any authenticator app, or type the key into it:'),
      h('p', {}, h('code', { class: 'secret' }, grouped)),
      h(
        'div',
        { class: 'row' },
        copyButton('Copy the key', secret),
        h('a', { class: 'button quiet', href: uri }, 'Open in an app'),
      ),
      codeField(),
    ),
  )
}

/** Whose password it is, for password managers, which keep the name with it. @param {string} name */
export function usernameField(name) {
  return h('input', {
    class: 'away',
    name: 'username',
    autocomplete: 'username',
    value: name,
    readonly: true,
    tabindex: -1,
    'aria-hidden': 'true',
  })
}

/** The two fields of a new password. @param {number} [length] the least number of characters, where it is known */
export function newPasswordFields(length) {
  const attributes = { type: 'password', autocomplete: 'new-password', minlength: length }
  const least = length === undefined ? '' : `At least ${length} characters. `
  return h(
    'div',
    {},
    passwordField(
      'New password',
      { ...attributes, name: 'password' },
      `${least}A few unrelated words are good; common passwords are refused.`,
    ),
    field('The same once more', { ...attributes, name: 'again' }),
  )
}

/** @param {Record<string, string>} values */
export function newPasswordOf({ password = '', again = '' }) {
  if (password !== again) throw new Error('The two passwords are not the same.')
  return password
}

/** A name that tells devices apart. @param {string} label @param {string} value */
export function nameField(label, value) {
  return field(label, { name: 'name', value, maxlength: 64, autocomplete: 'off' })
}
