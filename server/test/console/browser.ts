import assert from 'node:assert/strict'
import { after } from 'node:test'
import {
  chromium,
  type Browser,
  type BrowserContext,
  type CDPSession,
  type Page,
} from 'playwright-core'
import { browserPath } from '../../../test/clients/tools.ts'

/** A real Chromium without a window, and persons in it, each with a profile and an authenticator of their own. */

/** How long a page may take to show something, on a machine that is busy with other tests, in milliseconds. */
const PATIENCE_MS = 20_000

/** Starts the browser; it ends when the file's tests have. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = browserPath()
  if (executablePath === undefined)
    throw new Error('Chromium is not installed; scripts/install-debian.sh --clients installs it')
  const isRoot = process.getuid?.() === 0
  const browser = await chromium.launch({
    executablePath,
    // Containers have little shared memory; and for root Chromium has no sandbox.
    args: ['--disable-dev-shm-usage', ...(isRoot ? ['--no-sandbox'] : [])],
  })
  after(() => browser.close())
  return browser
}

export type Look = NonNullable<Parameters<Browser['newContext']>[0]>

/** Somebody in front of a browser. */
export class Visitor {
  readonly context: BrowserContext
  readonly page: Page
  readonly #tools: CDPSession
  readonly #authenticator: string
  /** What pages did that their policy forbids, and errors that no code caught. */
  readonly #wrong: string[] = []

  private constructor(
    context: BrowserContext,
    page: Page,
    tools: CDPSession,
    authenticator: string,
  ) {
    this.context = context
    this.page = page
    this.#tools = tools
    this.#authenticator = authenticator
    page.setDefaultTimeout(PATIENCE_MS)
    page.on('pageerror', (error) => this.#wrong.push(error.message))
    page.on('console', (message) => {
      if (/Content Security Policy|Trusted|Permissions[- ]Policy/i.test(message.text()))
        this.#wrong.push(message.text())
    })
  }

  /** A new profile: no cookie, and an authenticator inside the device that knows its user. */
  static async arrive(browser: Browser, baseURL: string, look: Look = {}): Promise<Visitor> {
    const context = await browser.newContext({ baseURL, ...look })
    const page = await context.newPage()
    const tools = await context.newCDPSession(page)
    await tools.send('WebAuthn.enable')
    const { authenticatorId } = await tools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    return new Visitor(context, page, tools, authenticatorId)
  }

  /** Passkeys that the authenticator holds. */
  async passkeys() {
    const { credentials } = await this.#tools.send('WebAuthn.getCredentials', {
      authenticatorId: this.#authenticator,
    })
    return credentials
  }

  /** Whether the authenticator recognizes its user from now on. */
  async setVerified(isUserVerified: boolean): Promise<void> {
    await this.#tools.send('WebAuthn.setUserVerified', {
      authenticatorId: this.#authenticator,
      isUserVerified,
    })
  }

  async go(path: string): Promise<void> {
    await this.page.goto(path)
    await this.page.locator('main[aria-busy="false"]').waitFor()
  }

  async press(name: string | RegExp): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).click()
  }

  async fill(label: string, text: string): Promise<void> {
    await this.page.getByLabel(label, { exact: true }).fill(text)
  }

  /** Waits until the page says so. */
  async sees(text: string | RegExp): Promise<void> {
    await this.page.locator('body').getByText(text).first().waitFor()
  }

  /** Waits for what went wrong, and gives its words. */
  async problem(): Promise<string> {
    const note = this.page.locator('.note.bad').first()
    await note.waitFor()
    return (await note.textContent()) ?? ''
  }

  async arrivesAt(path: string): Promise<void> {
    await this.page.waitForURL((url) => url.pathname === path)
    await this.page.locator('main[aria-busy="false"]').waitFor()
  }

  /** The login's cookie, as the browser keeps it. */
  async cookie() {
    return (await this.context.cookies()).find(({ name }) => name === '__Host-claviger')
  }

  assertNothingWrong(): void {
    assert.deepEqual(this.#wrong, [])
  }

  async leave(): Promise<void> {
    await this.context.close()
  }
}
