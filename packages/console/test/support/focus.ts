import assert from 'node:assert/strict'
import type { Locator } from 'playwright-core'

/** Waits a second at most, since focus is moved after a page is drawn. */
export async function assertFocused(target: Locator): Promise<void> {
  await target.waitFor()
  const isFocused = await target.evaluate(
    element =>
      new Promise<boolean>(resolve => {
        const look = (left: number): void => {
          if (element === document.activeElement || left === 0) resolve(element === document.activeElement)
          else requestAnimationFrame(() => look(left - 1))
        }
        look(60)
      }),
  )
  assert.ok(isFocused, 'the focus is elsewhere')
}
