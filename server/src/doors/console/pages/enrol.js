import { recoveryCodes } from './codes.js'
import { commandToLogIn } from './commands.js'
import { button, digitsOf, form, goodNote, h, problemNote, section, time } from './elements.js'
import {
  authenticatorSetup,
  nameField,
  newPasswordFields,
  newPasswordOf,
  usernameField,
} from './factors.js'
import { perform, rememberLogin } from './operations.js'
import { createPasskey } from './own-passkeys.js'
import { requireLogin, setHeading, show } from './page.js'
import { makePasskey, passkeysAreKnown } from './passkey.js'

/**
 * Setting up an account with a single-use link. The link's secret is the address's fragment, which no browser sends; it leaves the address
 * bar before anything else happens, and is held nowhere but in this page.
 *
 * @import { WireInputOf, WireOutputOf } from '@claviger/contract'
 */

const token = location.hash.slice(1)
history.replaceState(null, '', location.pathname)

const stations = ['How you log in', 'When it is lost', 'Ready']

/** How far it is. @param {number} now */
function progress(now) {
  return h(
    'ol',
    { class: 'progress', 'aria-label': 'Setting up your account' },
    ...stations.map((name, at) =>
      h(
        'li',
        { class: at < now ? 'past' : '', 'aria-current': at === now ? 'step' : undefined },
        name,
      ),
    ),
  )
}

/** @param {Partial<WireInputOf<'enrolment.complete'>>} factors */
async function complete(factors) {
  const answer = await perform('enrolment.complete', { token, ...factors, carrier: 'cookie' })
  rememberLogin(answer)
  return answer.recoveryCodes
}

/** @param {WireOutputOf<'enrolment.begin'>} begun */
function withPasskey({ passkey }) {
  return form(
    'Make a passkey',
    async ({ name = '' }) => {
      const response = await makePasskey(passkey.options)
      await complete({ passkey: { response, name } })
      offerSpare()
    },
    h(
      'p',
      {},
      'A passkey stands on this device or on a security key, and opens with your finger, your face or a PIN. There is nothing to remember, and no false page can talk you out of it.',
    ),
    nameField('What to call it', 'My first passkey'),
  )
}

/** @param {WireOutputOf<'enrolment.begin'>} begun */
function withPassword({ totp, passwordLength, name }) {
  return form(
    'Set up password and app',
    async (values) => {
      const code = digitsOf(values['code'] ?? '')
      keepCodes(await complete({ password: newPasswordOf(values), totp: { code } }))
    },
    usernameField(name),
    section('A password', newPasswordFields(passwordLength)),
    section('An authenticator app', authenticatorSetup(totp)),
  )
}

/** @param {readonly string[]} codes */
function keepCodes(codes) {
  setHeading('Keep your recovery codes')
  const shown = recoveryCodes(codes, ready)
  show(progress(1), shown)
  focusOn(shown)
}

/** Nothing that one knows replaces a passkey, so a second one is worth having. @param {string} [done] */
function offerSpare(done) {
  setHeading('Have a second way in')
  const shown = section(
    'Another passkey',
    done !== undefined && goodNote(done),
    form(
      'Make another passkey',
      async ({ name = '' }) => {
        await createPasskey(name)
        offerSpare(`${name} was added.`)
      },
      h(
        'p',
        {},
        'When the only device with your passkey is lost, you need a new link from somebody. With a passkey on another device, or on a security key, you do not.',
      ),
      nameField('What to call it', 'My spare passkey'),
    ),
    h('div', { class: 'row' }, button('Go on', ready, done === undefined ? 'quiet' : '')),
  )
  show(progress(1), shown)
  focusOn(shown)
}

/** What comes next, for somebody who has just come in. */
async function ready() {
  const { principal } = await requireLogin()
  setHeading(`You are in, ${principal.name}`)
  const first = section(
    'On the command line',
    ...commandToLogIn(),
    h('p', {}, 'It shows a code, which you type here:'),
    h('div', { class: 'row' }, h('a', { class: 'button', href: '/device' }, 'Type the code')),
  )
  show(
    progress(2),
    first,
    section(
      'In a browser',
      h(
        'p',
        {},
        'You log in at ',
        h('a', { href: '/login' }, `${location.origin}/login`),
        '; your name there is ',
        h('strong', {}, principal.name),
        '. Further passkeys and apps, and where you are logged in, are on ',
        h('a', { href: '/account' }, 'your account'),
        '.',
      ),
    ),
  )
  focusOn(first)
}

/** What is new is read first. @param {Element} place */
function focusOn(place) {
  const heading = place.querySelector('h2')
  heading?.setAttribute('tabindex', '-1')
  heading?.focus()
}

/** @param {WireOutputOf<'enrolment.begin'>} begun */
function chooseWay(begun) {
  if (!passkeysAreKnown()) return [withPassword(begun)]
  const other = h('div')
  const reveal = button(
    'Use a password and an app instead',
    async () => {
      other.replaceChildren(withPassword(begun))
      focusOn(other)
    },
    'quiet',
  )
  other.append(h('div', { class: 'row' }, reveal))
  return [section('A passkey', withPasskey(begun)), other]
}

async function begin() {
  if (token === '')
    throw new Error('The link is not whole. Open it once more, exactly as it was given to you.')
  const begun = await perform('enrolment.begin', { token })
  setHeading(`Welcome, ${begun.name}`)
  show(
    progress(0),
    h(
      'p',
      {},
      'This sets up how you log in at ',
      h('strong', {}, begun.tenantName),
      '. The link works once, until ',
      time(begun.expiresAt),
      '.',
    ),
    ...chooseWay(begun),
  )
}

begin().catch((/** @type {unknown} */ error) => show(problemNote(error)))
