import { field, form, goodNote, h } from './elements.js'
import { open, requireLogin, show } from './page.js'
import { performProving } from './step-up.js'

/** Letting a program elsewhere, such as the command line, in as oneself (RFC 8628 section 3.3). */

/** The letters as the program shows them. @param {string} typed */
function asShown(typed) {
  const letters = typed.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')
  return letters.length === 8 ? `${letters.slice(0, 4)}-${letters.slice(4)}` : typed
}

open(async () => {
  const { principal } = await requireLogin()
  show(
    h(
      'p',
      {},
      'A program that asks you to sign in shows a code. Type it here, and the program is signed in as you.',
    ),
    h(
      'p',
      { class: 'note' },
      // RFC 8628 section 5.4: somebody may have been sent here with the code of another.
      'Only ever type a code that a program shows you on a machine of your own, right now. Never one that somebody sends or tells you.',
    ),
    form(
      'Let it in',
      async ({ userCode = '' }) => {
        await performProving('login.deviceConfirm', { userCode: asShown(userCode) })
        const note = goodNote(
          'It is signed in as ',
          h('strong', {}, principal.name),
          '. Go back to it; you may close this page.',
        )
        show(note)
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
    ),
  )
})
