/**
 * The only clock: epoch milliseconds, never earlier than before and never earlier than the newest audit record, so that
 * turning the machine's clock back brings no expired material or token back to life (C18).
 */
export function startClock(newestRecord: number | undefined, wall: () => number = Date.now): () => number {
  let latest = newestRecord ?? 0
  return () => {
    latest = Math.max(latest, wall())
    return latest
  }
}

/**
 * Whether the machine's clock has run like the monotonic one since the start: what is erased because its time has come
 * must not be erased because somebody turned the clock forward. Once they differ by more than a minute they stay so.
 */
export function watchClock(
  wall: () => number = Date.now,
  monotonic: () => number = () => performance.now(),
): () => boolean {
  const offset = wall() - monotonic()
  let steady = true
  return () => {
    steady &&= Math.abs(wall() - monotonic() - offset) < 60_000
    return steady
  }
}
