import { button, codeField, digitsOf, field, form, h, problemNote } from './elements.js'
import { nextPage, perform, rememberLogin } from './operations.js'
import { open, show } from './page.js'
import { passkeysAreKnown, usePasskey } from './passkey.js'
import { arrival, finishWithProvider, leaveFor } from './providers.js'

/** Signing in: with a passkey, with a password and a code, or by way of a provider. */

const query = new URLSearchParams(location.search)
const tenant = query.get('tenant') ?? undefined
let next = nextPage(query.get('next'))

/** @param {{ csrf: string }} answer */
function enter({ csrf }) {
  rememberLogin(csrf)
  location.replace(next)
}

async function enterWithPasskey() {
  const { id, options } = await perform('login.challenge', {})
  const response = await usePasskey(options)
  enter(await perform('login.passkey', { challenge: id, response, carrier: 'cookie' }))
}

/** @param {Record<string, string>} values */
async function enterWithPassword(values) {
  const { name = '', password = '', code, recoveryCode } = values
  const second = recoveryCode === undefined ? { code: digitsOf(code ?? '') } : { recoveryCode }
  const wanted = values['tenant'] ?? ''
  enter(
    await perform('login', {
      ...(wanted === '' ? {} : { tenant: wanted }),
      name,
      password,
      ...second,
      carrier: 'cookie',
    }),
  )
}

/** The second field is a code of the app, or a recovery code where the app is lost. */
function secondField() {
  const place = h('div')
  const byCode = () =>
    place.replaceChildren(codeField(), swap('Use a recovery code instead', byRecovery))
  const byRecovery = () =>
    place.replaceChildren(
      field('Recovery code', { name: 'recoveryCode', autocomplete: 'off', maxlength: 64 }),
      swap('Use a code from the app instead', byCode),
    )
  byCode()
  return place
}

/** @param {string} label @param {() => void} change */
function swap(label, change) {
  return h(
    'button',
    {
      type: 'button',
      class: 'link',
      onclick: (event) => {
        const formerly = /** @type {HTMLElement} */ (event.currentTarget).parentElement
        change()
        formerly?.querySelector('input')?.focus()
      },
    },
    label,
  )
}

/** @param {readonly { id: string, name: string }[]} providers */
function ways(providers) {
  return [
    passkeysAreKnown() &&
      h(
        'section',
        { 'aria-label': 'With a passkey' },
        h('div', { class: 'row' }, button('Sign in with a passkey', enterWithPasskey, 'wide')),
      ),
    ...providers.map(({ id, name }) =>
      h(
        'div',
        { class: 'row' },
        button(`Continue with ${name}`, () => leaveFor(id, '/signin', next), 'wide quiet'),
      ),
    ),
    h('p', { class: 'or' }, 'or'),
    h(
      'section',
      { 'aria-label': 'With a password and a code' },
      form(
        'Sign in',
        enterWithPassword,
        field('Name', { name: 'name', autocomplete: 'username', maxlength: 128 }),
        field('Password', { name: 'password', type: 'password', autocomplete: 'current-password' }),
        secondField(),
        h(
          'details',
          { open: tenant !== undefined },
          h('summary', {}, 'Another tenant'),
          field(
            'Tenant',
            { name: 'tenant', required: false, autocomplete: 'organization', value: tenant },
            'Its name or id. Leave it empty where you know of none.',
          ),
        ),
      ),
    ),
    h(
      'p',
      { class: 'hint' },
      'No account yet, or everything lost? Ask whoever looks after accounts for a link.',
    ),
  ]
}

async function providersHere() {
  try {
    return (await perform('loginProvider.names', tenant === undefined ? {} : { tenant })).items
  } catch {
    // Without them there are still the other ways, and those say what is wrong.
    return []
  }
}

open(async () => {
  let problem
  try {
    const arrived = arrival()
    if (arrived !== undefined) {
      next = nextPage(arrived.next)
      const { flow, callback } = arrived
      await finishWithProvider({ flow, callback }, enter, show)
      return
    }
  } catch (error) {
    problem = problemNote(error)
  }
  show(problem, ...ways(await providersHere()))
})
