// The one script of the pages. It shows what is typed as a password, and fills in forms that carry a passkey; without it
// nothing else is missing.
;(() => {
  for (const part of document.querySelectorAll('[data-reveal]')) {
    const box = part.querySelector('input')
    const form = part.closest('form')
    const passwords = [...form.querySelectorAll('input[type=password]')]
    const show = (isShown) => {
      for (const password of passwords) password.type = isShown ? 'text' : 'password'
    }
    part.hidden = false
    box.checked = false
    box.addEventListener('change', () => show(box.checked))
    // Browsers keep what was typed as text, to suggest it again.
    form.addEventListener('submit', () => {
      box.checked = false
      show(false)
    })
    const hint = form.querySelector('[data-caps-lock]')
    for (const password of passwords) {
      const tell = (event) => {
        hint.hidden = !event.getModifierState?.('CapsLock')
      }
      for (const name of ['keydown', 'keyup']) password.addEventListener(name, tell)
      password.addEventListener('blur', () => {
        hint.hidden = true
      })
    }
  }
  // A hint while a password is chosen: the server judges it.
  for (const hint of document.querySelectorAll('[data-strength]')) {
    const password = document.getElementById('password')
    const typedLogin = () => document.getElementById('login')?.value.trim().toLowerCase() ?? ''
    let timer
    const judge = (typed) => {
      const text = typed.normalize('NFC').toLowerCase()
      const characters = [...text]
      if (characters.length < Number(hint.dataset.minLength)) return 'short'
      const login = typedLogin()
      if (login && [login, login.split('@', 1)[0]].includes(text.trim())) return 'login'
      // A character that repeats or goes on from the one before is no news.
      const news = characters.filter((character, at) => {
        const step = character.codePointAt(0) - (characters[at - 1]?.codePointAt(0) ?? -9)
        return Math.abs(step) > 1
      })
      const worth = Math.min(news.length, 2 * new Set(characters).size)
      if (worth < 10) return 'weak'
      return worth < 16 ? 'fair' : 'strong'
    }
    const tell = () => {
      const level = password.value ? judge(password.value) : ''
      if (level === (hint.dataset.level ?? '')) return
      hint.dataset.level = level
      hint.textContent = hint.dataset[level] ?? ''
    }
    // After a pause: a voice that reads each letter's verdict is no help.
    password.addEventListener('input', () => {
      clearTimeout(timer)
      timer = setTimeout(tell, 400)
    })
  }
  // Who chooses another language on a page goes on with the address that they had typed.
  const login = document.getElementById('login')
  if (login) {
    if (!login.readOnly) login.value ||= sessionStorage.getItem('login') ?? ''
    sessionStorage.removeItem('login')
    document
      .querySelector('[data-keeps-login]')
      ?.addEventListener('submit', () => sessionStorage.setItem('login', login.value))
  }
})()

;(async () => {
  const api = window.PublicKeyCredential
  const all = (selector) => document.querySelectorAll(selector)
  // What the page has to tell a password manager; results say nothing, for privacy.
  for (const { dataset } of all('[data-passkey-signals]'))
    for (const [name, about] of Object.entries(JSON.parse(dataset.passkeySignals))) api?.[name]?.(about).catch(() => {})

  if (!api?.parseRequestOptionsFromJSON || !api.parseCreationOptionsFromJSON) return
  let underWay

  /** One ceremony at a time: the one that waits for autofill gives way to a button. */
  async function perform(form, mediation) {
    underWay?.abort()
    underWay = new AbortController()
    const { passkey, options } = form.dataset
    const read = passkey === 'get' ? api.parseRequestOptionsFromJSON : api.parseCreationOptionsFromJSON
    const publicKey = read.call(api, JSON.parse(options))
    const { signal } = underWay
    const credential = await navigator.credentials[passkey]({ publicKey, signal, ...(mediation && { mediation }) })
    const { elements } = form
    elements.credential.value = JSON.stringify(credential)
    if (elements.remember) elements.remember.value = document.getElementById('remember')?.checked ? 'yes' : ''
    form.submit()
  }

  function explain(form, name) {
    const texts = [...form.querySelectorAll('[data-passkey-error]')]
    for (const text of texts) text.hidden = true
    const text = texts.find(({ dataset }) => dataset.passkeyError === name) ?? texts[0]
    text?.setAttribute('role', 'alert')
    if (text) text.hidden = false
  }

  for (const part of all('[data-passkey-with]')) part.hidden = false
  for (const part of all('[data-passkey-without]')) part.hidden = true
  const forms = [...all('form[data-passkey]')]
  for (const form of forms.filter(({ dataset }) => dataset.mediation !== 'only')) {
    form.hidden = false
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      perform(form).catch(({ name }) => name === 'AbortError' || explain(form, name))
    })
  }

  // What the browser does by itself: offer passkeys where the address is typed, or make one beside a password it filled in.
  const capabilities = (await api.getClientCapabilities?.().catch(() => {})) ?? {}
  for (const form of forms.filter(({ dataset }) => dataset.mediation)) {
    const isGet = form.dataset.passkey === 'get'
    const can = isGet ? await api.isConditionalMediationAvailable?.() : capabilities.conditionalCreate
    if (can) perform(form, 'conditional').catch(() => {})
  }

  const flags = [...all('input[data-passkey-capable]')]
  if (flags.length && (await api.isUserVerifyingPlatformAuthenticatorAvailable()))
    for (const flag of flags) flag.value = 'yes'
})()
