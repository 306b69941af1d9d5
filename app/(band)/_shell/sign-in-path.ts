/** Where people sign in; afterwards they are back where they are now. */
export function signInPath(): string {
  return `/sign-in?callbackUrl=${encodeURIComponent(window.location.pathname)}`
}
