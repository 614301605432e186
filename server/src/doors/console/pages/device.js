import { commandToLogIn } from './commands.js'
import { field, focusFirst, form, goodNote, h, section, time } from './elements.js'
import { open, requireLogin, setHeading, show } from './page.js'
import { performProving } from './step-up.js'

/** Letting a program elsewhere, such as the command line, in as oneself (RFC 8628 section 3.3). */

/** The letters as the program shows them. @param {string} typed */
function asShown(typed) {
  const letters = typed.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')
  return letters.length === 8 ? `${letters.slice(0, 4)}-${letters.slice(4)}` : typed
}

open(async () => {
  const { principal } = await requireLogin()
  const entry = form(
    'Let it in',
    async ({ userCode = '' }) => {
      const { session } = await performProving('login.deviceConfirm', {
        userCode: asShown(userCode),
      })
      setHeading('It is in')
      const note = goodNote(
        'The program is logged in as ',
        h('strong', {}, principal.name),
        ', until ',
        time(session.expiresAt),
        ' at the latest. Go back to it; you may close this page.',
      )
      show(
        note,
        h('p', {}, 'You can end its login at any time on ', link(), ', at the bottom of the page.'),
      )
      note.focus()
    },
    field('Code', {
      name: 'userCode',
      class: 'code',
      autocomplete: 'off',
      autocapitalize: 'characters',
      maxlength: 16,
      placeholder: 'XXXX-XXXX',
    }),
    h(
      'p',
      { class: 'note' },
      // RFC 8628 section 5.4: somebody may have been sent here with the code of another.
      'Only ever type a code that a program shows you on a machine of your own, right now. Never one that somebody sends or tells you.',
    ),
  )
  show(
    h(
      'p',
      {},
      'A program that wants to act as you shows a code. Type it here, and the program is logged in as ',
      h('strong', {}, principal.name),
      '.',
    ),
    h('section', { 'aria-label': 'The code' }, entry),
    section('No program is waiting?', ...commandToLogIn()),
  )
  focusFirst(entry)
})

function link() {
  return h('a', { href: '/account' }, 'your account')
}
