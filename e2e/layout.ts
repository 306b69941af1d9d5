import type { Page } from 'playwright-core'

/** The elements that reach beyond the right edge, besides those inside a row that scrolls sideways by itself. */
export function beyondTheEdge(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth
    const beyond = [...document.querySelectorAll('body *')].filter((element) => {
      const { right, width: own } = element.getBoundingClientRect()
      // Where notices appear takes the width of those that are there.
      const isPlaceOfNotices = element.matches('[data-sonner-toaster]')
      return own > 0 && right > width + 1 && element.closest('search') === null && !isPlaceOfNotices
    })
    return beyond.map((element) => element.outerHTML.slice(0, 120))
  })
}
