import { recoveryCodes } from './codes.js'
import { commandToLogIn } from './commands.js'
import { digitsOf, form, h, problemNote, section, time } from './elements.js'
import { authenticatorSetup, newPasswordFields, newPasswordOf, usernameField } from './factors.js'
import { perform, rememberLogin } from './operations.js'
import { requireLogin, setHeading, show } from './page.js'

/**
 * Setting up an account with a single-use link. The link's secret is the address's fragment, which no browser sends; it leaves the address
 * bar before anything else happens, and is held nowhere but in this page.
 *
 * @import { WireOutputOf } from '@claviger/contract'
 */

const token = location.hash.slice(1)
history.replaceState(null, '', location.pathname)

const stations = ['Password and app', 'Recovery codes', 'Ready']

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

/** @param {WireOutputOf<'enrolment.begin'>} begun */
function factors({ totp, passwordLength, name }) {
  return form(
    'Set up the account',
    async (values) => {
      const answer = await perform('enrolment.complete', {
        token,
        password: newPasswordOf(values),
        totp: { code: digitsOf(values['code'] ?? '') },
        carrier: 'cookie',
      })
      rememberLogin(answer)
      keepCodes(answer.recoveryCodes)
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
  shown.querySelector('h2')?.focus()
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
        ' with your name, ',
        h('strong', {}, principal.name),
        ', your password and a code from the app. Another app, new recovery codes and your logins are on ',
        h('a', { href: '/account' }, 'your account'),
        '.',
      ),
    ),
  )
  const heading = first.querySelector('h2')
  heading?.setAttribute('tabindex', '-1')
  heading?.focus()
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
      ': with a password, and with an app on your telephone that shows a new code every 30 seconds. The link works once, until ',
      time(begun.expiresAt),
      '.',
    ),
    factors(begun),
  )
}

begin().catch((/** @type {unknown} */ error) => show(problemNote(error)))
