import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react'
import { useState } from 'react'
import { afterEach, expect, test } from 'vitest'
import { Dialog } from './dialog'
import { Menu, MenuItem } from './menu'

afterEach(cleanup)

function Page() {
  const [isOpen, setIsOpen] = useState(false)
  return (
    <>
      <Menu label="Actions" trigger={<button type="button">Open the menu</button>}>
        <MenuItem onSelect={() => setIsOpen(true)}>Details</MenuItem>
      </Menu>
      {isOpen ? <Dialog open title="Details of it" onOpenChange={setIsOpen} /> : null}
    </>
  )
}

test('a dialog that a menu opened gives focus back to the button of the menu', async () => {
  render(<Page />)
  const trigger = screen.getByRole('button', { name: 'Open the menu' })
  trigger.focus()
  fireEvent.keyDown(trigger, { key: 'Enter' })
  fireEvent.click(screen.getByRole('menuitem', { name: 'Details' }))
  const dialog = await screen.findByRole('dialog', { name: 'Details of it' })
  await waitFor(() => expect(dialog.contains(document.activeElement)).toBe(true))
  fireEvent.keyDown(dialog, { key: 'Escape' })
  await waitFor(() => expect(document.activeElement).toBe(trigger))
})
