import 'client-only'

/** ShapeStream keeps notes about shapes in localStorage, which name containers: they go with their reader. */
export function forgetElectricNotes(): void {
  if (typeof localStorage === 'undefined') return
  for (const note of ['expired_shapes', 'up_to_date_tracker']) localStorage.removeItem(`electric_${note}`)
}
