import { recoveryCodes } from './codes.js'
import {
  button,
  digitsOf,
  focusFirst,
  form,
  goodNote,
  h,
  problemNote,
  section,
} from './elements.js'
import {
  authenticatorSetup,
  nameField,
  newPasswordFields,
  newPasswordOf,
  usernameField,
} from './factors.js'
import { perform, rememberLogin } from './operations.js'
import { setHeading, show } from './page.js'
import { makePasskey, passkeysAreKnown } from './passkey.js'

/**
 * Setting up an account with a single-use link. The link's secret is the address's fragment, which no browser sends; it leaves the address
 * bar before anything else happens, and is held nowhere but in this page.
 *
 * @import { WireInputOf, WireOutputOf } from '@claviger/contract'
 */

const token = location.hash.slice(1)
history.replaceState(null, '', location.pathname)

/** @param {Partial<WireInputOf<'enrolment.complete'>>} factors */
async function complete(factors) {
  const { recoveryCodes: codes, csrf } = await perform('enrolment.complete', {
    token,
    ...factors,
    carrier: 'cookie',
  })
  rememberLogin(csrf)
  setHeading('Your account is ready')
  const shown = recoveryCodes(codes, () => location.replace('/account'))
  show(goodNote('You are signed in.'), shown)
  shown.querySelector('h2')?.focus()
}

/** @param {WireOutputOf<'enrolment.begin'>} begun */
function withPasskey({ passkey }) {
  if (!passkeysAreKnown())
    return h('p', { class: 'note' }, 'This browser cannot make passkeys; take the other way.')
  return form(
    'Make a passkey',
    async ({ name = '' }) => {
      const response = await makePasskey(passkey.options)
      await complete({ passkey: { response, name } })
    },
    h(
      'p',
      {},
      'A passkey stands on this device or on a security key, and is used with your finger, your face or a PIN. No false page can talk you out of it.',
    ),
    nameField('What to call it', 'My first passkey'),
  )
}

/** @param {WireOutputOf<'enrolment.begin'>} begun */
function withPassword({ totp, passwordLength, name }) {
  return form(
    'Set up password and app',
    async (values) => {
      const password = newPasswordOf(values)
      await complete({ password, totp: { code: digitsOf(values['code'] ?? '') } })
    },
    usernameField(name),
    newPasswordFields(passwordLength),
    authenticatorSetup(totp),
  )
}

async function begin() {
  if (token === '')
    throw new Error('The link is not whole. Open it once more, exactly as it was given to you.')
  const begun = await perform('enrolment.begin', { token })
  setHeading(`Welcome, ${begun.name}`)
  const other = h('div')
  const reveal = button(
    'Use a password and an app instead',
    async () => {
      other.replaceChildren(
        section('With a password and an authenticator app', withPassword(begun)),
      )
      focusFirst(other)
    },
    'quiet',
  )
  other.append(h('div', { class: 'row' }, reveal))
  show(
    h(
      'p',
      {},
      `This sets up how you sign in at ${begun.tenantName}. Choose one way now; you can add others later.`,
    ),
    section('With a passkey', withPasskey(begun)),
    other,
  )
}

begin().catch((/** @type {unknown} */ error) => show(problemNote(error)))
